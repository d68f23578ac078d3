//! Which part of the page is the article, and which of its blocks are its text.

use super::lines;
use super::tree::{Block, Role, Tree};

/// Characters from which a block counts as prose.
const PROSE_CHARS: usize = 40;
/// Characters beside its linked headline in a teaser at most.
const TEASER_CHARS: usize = 450;

/// The article's place in the page.
pub(super) struct Body {
    /// The element that holds the running text.
    pub container: usize,
    /// Per element: whether it is a teaser for another article.
    teasers: Vec<bool>,
    /// Per block: whether it is a caption or an invitation by its own words.
    furniture: Vec<bool>,
}

/// Finds the element that holds the running text; `None` where the page has no prose.
///
/// Each paragraph speaks for the elements around it, the nearer the more (the idea of Readability); then the place
/// grows while its surroundings hold more of the same.
pub(super) fn find(tree: &Tree<'_>, title: Option<usize>) -> Option<Body> {
    let teasers = teasers(tree, title);
    let furniture = furniture(tree);
    let prose: Vec<bool> = tree
        .blocks
        .iter()
        .zip(&furniture)
        .map(|(b, furniture)| !furniture && is_prose(tree, b, &teasers))
        .collect();
    let start = start_after(tree, title, &prose);
    let mut mass = vec![0f64; tree.elements.len()];
    let mut score = vec![0f64; tree.elements.len()];
    for (at, block) in tree.blocks.iter().enumerate().skip(start) {
        if !prose[at] {
            continue;
        }
        let weight = (block.chars as f64).min(1500.0);
        for (level, element) in tree.ancestors(block.owner).enumerate() {
            mass[element] += weight;
            let paragraph = is_paragraph(tree, block);
            if level < 7 && (level > 0 || !paragraph) {
                let distance = level - usize::from(paragraph);
                score[element] += weight / (1.0 + distance as f64);
            }
        }
    }
    let best = best(tree, &score)?;
    Some(Body {
        container: grow(tree, &mass, best, title),
        teasers,
        furniture,
    })
}

/// Characters of all prose of the page, wherever it stands.
pub(super) fn prose_chars(tree: &Tree<'_>) -> usize {
    let prose = |b: &&Block| b.chars >= PROSE_CHARS && b.link_share() < 0.5;
    tree.blocks.iter().filter(prose).map(|b| b.chars).sum()
}

/// The place that site rules name, read with the same care.
pub(super) fn at(tree: &Tree<'_>, container: usize) -> Body {
    Body {
        container,
        teasers: vec![false; tree.elements.len()],
        furniture: furniture(tree),
    }
}

fn furniture(tree: &Tree<'_>) -> Vec<bool> {
    let says = |b: &Block| lines::is_invitation(&b.text) || lines::is_caption(&b.text);
    tree.blocks.iter().map(says).collect()
}

fn best(tree: &Tree<'_>, score: &[f64]) -> Option<usize> {
    let adjusted = |i: usize| {
        let element = &tree.elements[i];
        let links = element.link_chars as f64 / element.chars.max(1) as f64;
        score[i] * (1.0 - links)
    };
    (0..tree.elements.len())
        .filter(|i| score[*i] > 0.0)
        .max_by(|a, b| adjusted(*a).total_cmp(&adjusted(*b)))
}

/// Takes in the surroundings while they hold more of the article: one cut into sections, or its last paragraphs beside
/// a box with the first.
fn grow(tree: &Tree<'_>, mass: &[f64], best: usize, title: Option<usize>) -> usize {
    let mut here = best;
    for _ in 0..4 {
        // What holds the headline as well is a whole article: boxes like it are other articles.
        let whole = title.is_some_and(|t| tree.is_within(tree.blocks[t].owner, here));
        let parent = tree.elements[here].parent;
        if parent == here || matches!(tree.elements[parent].tag.as_str(), "body" | "html") {
            break;
        }
        let more: f64 = (0..tree.elements.len())
            .filter(|i| tree.elements[*i].parent == parent && *i != here && mass[*i] > 0.0)
            .filter(|i| {
                is_paragraph_like(tree, *i) || (!whole && is_of_one_piece(tree, mass, here, *i))
            })
            .map(|i| mass[i])
            .sum();
        let alone = tree.elements[parent].chars == tree.elements[here].chars;
        if !alone && more < mass[here] * 0.12 {
            break;
        }
        here = parent;
    }
    here
}

fn is_paragraph_like(tree: &Tree<'_>, element: usize) -> bool {
    matches!(
        tree.elements[element].tag.as_str(),
        "p" | "ul" | "ol" | "blockquote"
    )
}

/// Whether a sibling is of the same article: a section named alike, or something of like weight.
fn is_of_one_piece(tree: &Tree<'_>, mass: &[f64], here: usize, sibling: usize) -> bool {
    let (one, other) = (&tree.elements[here], &tree.elements[sibling]);
    let class = |e: &super::tree::Element<'_>| e.node.attr("class").unwrap_or_default();
    let named_alike = one.tag == other.tag && !class(one).is_empty() && class(one) == class(other);
    named_alike || mass[sibling] > mass[here] * 0.4
}

/// Prose before the headline is not the article's, unless the headline was found below it.
fn start_after(tree: &Tree<'_>, title: Option<usize>, prose: &[bool]) -> usize {
    let Some(title) = title else { return 0 };
    let weight = |range: std::ops::Range<usize>| -> usize {
        range
            .filter(|i| prose[*i])
            .map(|i| tree.blocks[i].chars)
            .sum()
    };
    let after = weight(title + 1..tree.blocks.len());
    if after * 3 >= weight(0..title) {
        title + 1
    } else {
        0
    }
}

/// Whether the block's owner is a paragraph; else it is a place with lines of its own (`<td>text<br>text`).
fn is_paragraph(tree: &Tree<'_>, block: &Block) -> bool {
    let owner = &tree.elements[block.owner];
    match owner.tag.as_str() {
        "p" => true,
        "blockquote" | "li" | "td" | "dd" | "span" => owner.chars == block.chars,
        _ => false,
    }
}

fn is_prose(tree: &Tree<'_>, block: &Block, teasers: &[bool]) -> bool {
    block.chars >= PROSE_CHARS
        && block.link_share() < 0.5
        && !is_heading(&tree.elements[block.owner].tag)
        && matches!(tree.role_of(block, usize::MAX), Role::Plain | Role::Lead)
        && !tree.ancestors(block.owner).any(|i| teasers[i])
}

fn is_heading(tag: &str) -> bool {
    matches!(tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Teasers: a linked headline with at most one paragraph and a few words beside it.
fn teasers(tree: &Tree<'_>, title: Option<usize>) -> Vec<bool> {
    let mut teasers = vec![false; tree.elements.len()];
    let mut paragraphs = vec![0usize; tree.elements.len()];
    for block in tree
        .blocks
        .iter()
        .filter(|b| b.chars >= PROSE_CHARS && b.link_share() < 0.5)
    {
        tree.ancestors(block.owner).for_each(|i| paragraphs[i] += 1);
    }
    let prose = |i: usize| tree.elements[i].chars - tree.elements[i].link_chars;
    for block in &tree.blocks {
        if block.link_share() < 0.9 || block.chars < 15 {
            continue;
        }
        let Some(heading) = tree
            .ancestors(block.owner)
            .take(3)
            .find(|i| is_heading(&tree.elements[*i].tag))
        else {
            continue;
        };
        let mut here = heading;
        for _ in 0..3 {
            let parent = tree.elements[here].parent;
            let beside = tree.elements[parent].chars - block.chars;
            let holds_title = title.is_some_and(|t| tree.is_within(tree.blocks[t].owner, parent));
            let most = prose(parent) * 2 > prose(0);
            if parent == here
                || beside > TEASER_CHARS
                || paragraphs[parent] > 1
                || most
                || holds_title
            {
                break;
            }
            here = parent;
        }
        teasers[here] = true;
    }
    teasers
}

/// The blocks of the article in reading order: running text, subheads, boxes; without what only stands there, and
/// without what stands before the headline when that is in the same place.
pub(super) fn text_blocks(tree: &Tree<'_>, body: &Body, title: Option<usize>) -> Vec<usize> {
    let from = title
        .filter(|t| tree.is_within(tree.blocks[*t].owner, body.container))
        .map_or(0, |t| t + 1);
    let mut taken: Vec<usize> = Vec::new();
    let mut prose = false;
    for (at, block) in tree.blocks.iter().enumerate().skip(from) {
        if !tree.is_within(block.owner, body.container) {
            continue;
        }
        // The lines of name and time above the text.
        let above = !prose && (lines::is_dateline(&block.text) || lines::is_byline(&block.text));
        if !body.furniture[at] && !above && is_text(tree, body, block) {
            prose |= block.chars >= PROSE_CHARS;
            taken.push(at);
        }
    }
    taken
}

fn is_text(tree: &Tree<'_>, body: &Body, block: &Block) -> bool {
    let role = tree.role_of(block, body.container);
    if !matches!(role, Role::Plain | Role::Lead) || lines::is_noise(&block.text) {
        return false;
    }
    if tree
        .ancestors(block.owner)
        .take_while(|i| *i != body.container)
        .any(|i| body.teasers[i])
    {
        return false;
    }
    if block.link_share() >= 0.8 && block.chars < 250 && !is_list_of_prose(tree, body, block) {
        return false;
    }
    !is_picture_text(tree, body, block)
}

/// A linked word or two in a list or table of the article's own ("Hà Nội", "Điều 5") is text when most of the list is.
fn is_list_of_prose(tree: &Tree<'_>, body: &Body, block: &Block) -> bool {
    tree.ancestors(block.owner)
        .take_while(|i| *i != body.container)
        .take(4)
        .find(|i| matches!(tree.elements[*i].tag.as_str(), "ul" | "ol" | "table"))
        .is_some_and(|i| {
            let list = &tree.elements[i];
            list.chars > 200 && list.link_chars * 4 < list.chars
        })
}

/// Text in a figure, in a table or box that holds a picture and a few words, or set apart right under a picture.
fn is_picture_text(tree: &Tree<'_>, body: &Body, block: &Block) -> bool {
    let around = tree
        .ancestors(block.owner)
        .take_while(|i| *i != body.container)
        .map(|i| &tree.elements[i]);
    let boxed = around.take(8).any(|element| match element.tag.as_str() {
        "figure" => element.chars < 700,
        "table" => element.picture && element.chars < 500,
        "p" => element.picture && element.chars < 200,
        _ => element.picture && element.chars < 300 && element.chars == block.chars,
    });
    let set_apart = block.is_italic() || tree.elements[block.owner].centred;
    boxed || (block.after_picture && block.chars < 250 && set_apart)
}
