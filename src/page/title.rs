//! The headline as printed.

use super::lines;
use super::meta::{Meta, key, tidy};
use super::tree::{Block, Role, Tree};

/// Elements `h1` looked at.
const MAX_HEADINGS: usize = 50;
/// Longer texts are no headlines.
const MAX_TITLE_CHARS: usize = 400;

/// The headline and the block it was printed in.
pub(super) struct Title {
    /// White space collapsed.
    pub text: String,
    /// Its last block; `None` where it is known from metadata only.
    pub block: Option<usize>,
}

/// The printed headline, else the one of the metadata.
pub(super) fn find(tree: &Tree<'_>, meta: &Meta) -> Option<Title> {
    let claimed = claimed(meta);
    let best = tree
        .elements
        .iter()
        .enumerate()
        .filter(|(_, e)| e.tag == "h1" && (2..=MAX_TITLE_CHARS).contains(&e.chars))
        .take(MAX_HEADINGS)
        .filter_map(|(index, _)| {
            let (text, block) = text_of(tree, index);
            let score = likeness(&text, &claimed) - penalty(tree, index, &text, meta);
            block.map(|block| (score, index, text, block))
        })
        .reduce(|a, b| if b.0 > a.0 { b } else { a });
    let printed = best.map(|(score, index, text, block)| {
        let block = Some(block);
        (score, index, Title { text, block })
    });
    match printed {
        Some((score, _, title)) if score >= 0.25 || claimed.is_empty() => Some(title),
        // An h1 that shares nothing with the metadata is the paper's name or the section where the metadata's headline
        // is printed elsewhere; where it is not, metadata of a whole site stand on every page of it.
        other => printed_elsewhere(tree, &claimed)
            .or_else(|| {
                other
                    .filter(|(_, index, t)| is_headline(tree, *index, &t.text, meta))
                    .map(|(.., title)| title)
            })
            .or_else(|| standing_out(tree, meta))
            .or_else(|| from_meta(&claimed)),
    }
}

/// Blocks that follow a headline within which its text begins.
const TEXT_WITHIN: usize = 8;

/// Of a page without `h1` and with nothing but a `<title>` of the whole site: the line before the text that is named as
/// a title, else the first that is set in bold.
fn standing_out(tree: &Tree<'_>, meta: &Meta) -> Option<Title> {
    if meta.first(&["og:title", "twitter:title"]).is_some() || !meta.headlines.is_empty() {
        return None;
    }
    let begins = |at: usize| {
        let next = &tree.blocks[at + 1..(at + 1 + TEXT_WITHIN).min(tree.blocks.len())];
        next.iter().any(|b| b.chars >= 80 && b.link_share() < 0.3)
    };
    let fits = |at: &usize| {
        let block = &tree.blocks[*at];
        (15..=250).contains(&block.chars)
            && block.link_share() < 0.5
            && tree.role_of(block, usize::MAX) != Role::Junk
            && !lines::is_dateline(&block.text)
            && begins(*at)
    };
    let named = |at: &usize| {
        let around = tree.ancestors(tree.blocks[*at].owner).take(2);
        around
            .filter_map(|i| tree.elements[i].node.attr("class"))
            .any(|names| {
                let names = names.to_lowercase();
                ["title", "headline", "tieude", "tieu-de"]
                    .iter()
                    .any(|word| names.contains(word))
            })
    };
    let candidates: Vec<usize> = (0..tree.blocks.len()).filter(fits).collect();
    let found = candidates.iter().find(|at| named(at)).or_else(|| {
        let bold = |at: &&usize| {
            let block = &tree.blocks[**at];
            block.is_bold() && !lines::ends_sentence(&block.text) && block.chars >= 20
        };
        candidates.iter().find(bold)
    })?;
    Some(Title {
        text: tree.blocks[*found].text.clone(),
        block: Some(*found),
    })
}

fn is_headline(tree: &Tree<'_>, index: usize, text: &str, meta: &Meta) -> bool {
    let element = &tree.elements[index];
    element.chars >= 15
        && element.link_chars * 2 < element.chars
        && penalty(tree, index, text, meta) == 0.0
}

fn from_meta(claimed: &[String]) -> Option<Title> {
    claimed.first().map(|text| Title {
        text: text.clone(),
        block: None,
    })
}

/// Headlines that the metadata give, the site's name cut off.
fn claimed(meta: &Meta) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let given = meta
        .all("og:title")
        .chain(meta.headlines.iter().map(String::as_str))
        .chain(meta.all("twitter:title"))
        .chain(meta.document_title.as_deref());
    for text in given {
        let text = without_site(&tidy(text), meta);
        if !text.is_empty() && text.chars().count() <= MAX_TITLE_CHARS && !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// "Thiếu máu - Phú Yên online" → "Thiếu máu": the last part goes when it is (like) the site's name, or in `<title>` when short.
fn without_site(text: &str, meta: &Meta) -> String {
    for separator in [" | ", " - ", " – ", " — ", " :: ", " » ", " • "] {
        if let Some((head, tail)) = text.rsplit_once(separator) {
            let tail_key = key(tail);
            let known = meta
                .sites
                .iter()
                .map(|s| key(s))
                .any(|s| !s.is_empty() && (s.contains(&tail_key) || tail_key.contains(&s)));
            let from_document = meta.document_title.as_deref() == Some(text);
            let short = tail.split_whitespace().count() <= 5
                && tail.chars().count() * 2 < head.chars().count() + 8;
            if known || (from_document && short) {
                return head.trim().to_owned();
            }
        }
    }
    text.to_owned()
}

/// 0 to 1: the share of words in common with the most alike of the claimed headlines.
fn likeness(text: &str, claimed: &[String]) -> f32 {
    let words = |t: &str| -> Vec<String> { t.to_lowercase().split_whitespace().map(key).collect() };
    let own = words(text);
    claimed
        .iter()
        .map(|c| {
            let other = words(c);
            let common = own.iter().filter(|w| other.contains(w)).count();
            2.0 * common as f32 / (own.len() + other.len()).max(1) as f32
        })
        .fold(0.0, f32::max)
}

fn penalty(tree: &Tree<'_>, index: usize, text: &str, meta: &Meta) -> f32 {
    let own = key(text);
    let site = meta.sites.iter().any(|s| key(s) == own);
    let junk = tree.ancestors(index).any(|i| {
        tree.elements[i].role == Role::Junk
            || tree.elements[i].tag == "header" && tree.elements[i].link_chars > 200
    });
    // The paper's name leads home.
    let home = leads_home(tree, index);
    0.4 * f32::from(u8::from(site)) + 0.3 * f32::from(u8::from(junk)) + f32::from(u8::from(home))
}

/// Whether a heading is nothing but a link to the site's front.
fn leads_home(tree: &Tree<'_>, index: usize) -> bool {
    let element = &tree.elements[index];
    if element.link_chars * 10 < element.chars * 9 {
        return false;
    }
    let link = dom_query::Selection::from(element.node).select_single("a[href]");
    let href = link.attr("href").unwrap_or_default();
    let href = href.trim();
    let path = href.split_once("://").map_or(href, |(_, rest)| {
        rest.find('/').map_or("/", |at| &rest[at..])
    });
    path == "/"
}

/// A block that says just what the metadata say: papers that set headlines in a `div`.
fn printed_elsewhere(tree: &Tree<'_>, claimed: &[String]) -> Option<Title> {
    let keys: Vec<String> = claimed.iter().map(|c| key(c)).collect();
    let mut found: Option<(usize, &Block)> = None;
    for (at, block) in tree.blocks.iter().enumerate() {
        if block.chars > MAX_TITLE_CHARS
            || block.link_share() > 0.5
            || !keys.contains(&key(&block.text))
        {
            continue;
        }
        let heading = tree.elements[block.owner].tag.starts_with('h');
        if found.is_none() || (heading && !tree.elements[found?.1.owner].tag.starts_with('h')) {
            found = Some((at, block));
        }
    }
    found.map(|(at, block)| Title {
        text: block.text.clone(),
        block: Some(at),
    })
}

/// The text of an element, and its last block.
pub(super) fn text_of(tree: &Tree<'_>, element: usize) -> (String, Option<usize>) {
    let mut text = String::new();
    let mut last = None;
    for (at, block) in tree.blocks.iter().enumerate() {
        if tree.is_within(block.owner, element) && tree.role_of(block, element) != Role::Junk {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&block.text);
            last = Some(at);
        }
    }
    (text, last)
}
