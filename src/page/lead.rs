//! The sapo: the lead paragraph set apart under the headline.

use super::lines;
use super::meta::{Meta, key};
use super::tree::{Role, Tree};

/// The sapo and the blocks it was printed in (copies and machine-cut doubles included).
#[derive(Default)]
pub(super) struct Lead {
    /// As printed; `None` where the page prints none.
    pub text: Option<String>,
    /// Blocks that are not running text for being the sapo.
    pub blocks: Vec<usize>,
}

/// Finds the sapo between the headline and the third block of the running text.
pub(super) fn find(
    tree: &Tree<'_>,
    meta: &Meta,
    title: Option<usize>,
    title_text: &str,
    text: &[usize],
) -> Lead {
    let Some(&first) = text.first() else {
        return Lead::default();
    };
    let from = title.map_or(first.saturating_sub(12), |t| t + 1).min(first);
    let upto = text.get(2).copied().unwrap_or(first);
    let named: Vec<usize> = (from..=upto)
        .filter(|at| is_named_lead(tree, *at, title_text))
        .collect();
    if let Some(lead) = choose_named(tree, &named) {
        return with_doubles(tree, lead, named, text);
    }
    described(tree, meta, from, first, text)
        .or_else(|| under_headline(tree, from, first))
        .or_else(|| bold_opening(tree, text))
        .map(|at| with_doubles(tree, tree.blocks[at].text.clone(), vec![at], text))
        .unwrap_or_default()
}

fn is_named_lead(tree: &Tree<'_>, at: usize, title: &str) -> bool {
    let block = &tree.blocks[at];
    // A summary in points is not the sapo.
    let listed = tree
        .ancestors(block.owner)
        .take(3)
        .any(|i| tree.elements[i].tag == "li");
    tree.role_of(block, usize::MAX) == Role::Lead
        && !listed
        && block.chars >= 25
        && block.chars <= 1500
        && block.link_share() < 0.5
        && key(&block.text) != key(title)
        && !lines::is_caption(&block.text)
        && !lines::is_invitation(&block.text)
}

/// A sapo may be of several paragraphs; of two that begin alike one is a machine's cut of the text: the other counts.
fn choose_named(tree: &Tree<'_>, named: &[usize]) -> Option<String> {
    let texts: Vec<&str> = named
        .iter()
        .map(|at| tree.blocks[*at].text.as_str())
        .collect();
    let mut kept: Vec<&str> = Vec::new();
    for text in texts {
        let start: String = key(text).chars().take(40).collect();
        match kept.iter_mut().find(|k| key(k).starts_with(&start)) {
            Some(earlier) if !lines::ends_sentence(earlier) && lines::ends_sentence(text) => {
                *earlier = text
            }
            Some(_) => {}
            None => kept.push(text),
        }
    }
    (!kept.is_empty()).then(|| kept.join(" "))
}

/// A block between headline and text (outside of it) that says what the description says.
fn described(
    tree: &Tree<'_>,
    meta: &Meta,
    from: usize,
    first: usize,
    text: &[usize],
) -> Option<usize> {
    let wanted: Vec<String> = meta
        .all("og:description")
        .chain(meta.all("description"))
        .chain(meta.descriptions.iter().map(String::as_str))
        .map(key)
        .filter(|k| k.chars().count() >= 30)
        .collect();
    let says = |at: usize| {
        let own = key(&tree.blocks[at].text);
        own.chars().count() >= 30
            && wanted.iter().any(|w| {
                let (a, b) = (own.chars().count(), w.chars().count());
                let common = own
                    .chars()
                    .zip(w.chars())
                    .take_while(|(x, y)| x == y)
                    .count();
                common == a.min(b) && a <= b * 3 / 2
                    || own.ends_with(w.as_str())
                    || w.ends_with(own.as_str())
            })
    };
    let apart = |at: usize| {
        let block = &tree.blocks[at];
        let second = text.get(1).map(|s| &tree.blocks[*s]);
        block.is_bold()
            || tree.elements[block.owner].tag.starts_with('h')
            || second
                .is_some_and(|s| tree.elements[s.owner].parent != tree.elements[block.owner].parent)
    };
    (from..=first).find(|at| says(*at) && apart(*at))
}

/// A sentence set as a heading, or in bold apart from the text, between headline and text.
fn under_headline(tree: &Tree<'_>, from: usize, first: usize) -> Option<usize> {
    (from..=first).find(|at| {
        let block = &tree.blocks[*at];
        let heading = matches!(tree.elements[block.owner].tag.as_str(), "h2" | "h3");
        (heading || (block.is_bold() && *at < first))
            && block.chars >= 60
            && block.link_share() < 0.3
            && lines::ends_sentence(&block.text)
            && tree.role_of(block, usize::MAX) == Role::Plain
    })
}

/// A first paragraph in bold that is a sentence.
fn bold_opening(tree: &Tree<'_>, text: &[usize]) -> Option<usize> {
    let &first = text.first()?;
    let block = &tree.blocks[first];
    let second_plain = text.get(1).is_some_and(|at| !tree.blocks[*at].is_bold());
    (block.is_bold()
        && second_plain
        && block.chars >= 50
        && block.chars <= 1200
        && text.len() >= 3
        && lines::ends_sentence(&block.text)
        && !block.text.ends_with(':'))
    .then_some(first)
}

/// Adds the blocks near the head of the text that repeat the sapo.
fn with_doubles(tree: &Tree<'_>, lead: String, mut blocks: Vec<usize>, text: &[usize]) -> Lead {
    let own = key(&lead);
    for at in text.iter().take(4) {
        let other = key(&tree.blocks[*at].text);
        if other.chars().count() >= 20
            && (other == own || own.contains(&other))
            && !blocks.contains(at)
        {
            blocks.push(*at);
        }
    }
    Lead {
        text: Some(lead),
        blocks,
    }
}
