//! The page as a flat list of blocks of text in reading order, each with the elements it stands in.

use dom_query::{Document, NodeRef};
use unicode_normalization::UnicodeNormalization as _;

/// Deeper than any tree that the guard lets through; below it nothing is read.
const MAX_DEPTH: usize = super::guard::MAX_DEPTH * 3;
/// Blocks of one page at most.
const MAX_BLOCKS: usize = 50_000;

/// What an element's tag, class and id say about its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    Plain,
    /// Not part of the article: menus, shares, related links, comments.
    Junk,
    /// Under or over a picture.
    Caption,
    /// The signature.
    Author,
    /// The sapo.
    Lead,
    /// The printed time.
    Date,
}

/// An element of the page.
pub(super) struct Element<'a> {
    /// Its node.
    pub node: NodeRef<'a>,
    /// Index of its parent; its own for the root.
    pub parent: usize,
    /// Its name, lower case.
    pub tag: String,
    /// By its class and id.
    pub role: Role,
    /// Set to the right by style or attribute.
    pub right: bool,
    /// Set in the middle by style or attribute.
    pub centred: bool,
    /// Holds a picture.
    pub picture: bool,
    /// Holds an `h1`.
    pub headline: bool,
    /// Characters of all text in it.
    pub chars: usize,
    /// Characters of link text in it.
    pub link_chars: usize,
}

/// A paragraph, heading, cell or line.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// White space collapsed, NFC, without invisible characters; never empty.
    pub text: String,
    /// Characters in it.
    pub chars: usize,
    /// Characters in links.
    pub link_chars: usize,
    /// Characters in bold.
    pub bold_chars: usize,
    /// Characters in italics.
    pub italic_chars: usize,
    /// The innermost element that is not running markup.
    pub owner: usize,
    /// A picture stands directly before it.
    pub after_picture: bool,
}

impl Block {
    /// The share of link text, 0 to 1.
    pub fn link_share(&self) -> f32 {
        self.link_chars as f32 / self.chars.max(1) as f32
    }
    /// Whether (nearly) all of it is bold.
    pub fn is_bold(&self) -> bool {
        self.bold_chars * 10 >= self.chars * 9
    }
    /// Whether (nearly) all of it is in italics.
    pub fn is_italic(&self) -> bool {
        self.italic_chars * 10 >= self.chars * 9
    }
}

/// The page.
#[derive(Default)]
pub(super) struct Tree<'a> {
    /// Elements, parents before children.
    pub elements: Vec<Element<'a>>,
    /// Blocks in reading order.
    pub blocks: Vec<Block>,
}

impl<'a> Tree<'a> {
    /// Reads the body of `document`.
    pub fn read(document: &'a Document) -> Self {
        let root = document.body().unwrap_or_else(|| document.root());
        let mut walk = Walk {
            tree: Tree {
                elements: Vec::new(),
                blocks: Vec::new(),
            },
            ..Walk::default()
        };
        walk.element(root, 0, 0);
        walk.flush(0);
        let mut tree = walk.tree;
        tree.count();
        tree.settle_roles();
        tree
    }

    /// The chain of elements from `index` to the root.
    pub fn ancestors(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let mut next = Some(index);
        std::iter::from_fn(move || {
            let here = next?;
            let parent = self.elements[here].parent;
            next = (parent != here).then_some(parent);
            Some(here)
        })
    }

    /// Whether `index` stands in `container` or is it.
    pub fn is_within(&self, index: usize, container: usize) -> bool {
        self.ancestors(index).any(|i| i == container)
    }

    /// The strongest role on the way from a block up to (not including) `stop`.
    pub fn role_of(&self, block: &Block, stop: usize) -> Role {
        let roles = self
            .ancestors(block.owner)
            .take_while(|i| *i != stop)
            .map(|i| self.elements[i].role);
        let mut found = Role::Plain;
        for role in roles {
            match role {
                Role::Plain => {}
                Role::Junk => return Role::Junk,
                Role::Caption => found = Role::Caption,
                other if found == Role::Plain => found = other,
                _ => {}
            }
        }
        found
    }

    /// The innermost role around a block, whatever stands around that.
    pub fn nearest_role(&self, block: &Block) -> Role {
        self.ancestors(block.owner)
            .map(|i| self.elements[i].role)
            .find(|r| *r != Role::Plain)
            .unwrap_or(Role::Plain)
    }

    /// The element for a node of the document.
    pub fn index_of(&self, node: &NodeRef<'_>) -> Option<usize> {
        self.elements.iter().position(|e| e.node.id == node.id)
    }

    fn count(&mut self) {
        for block in &self.blocks {
            let mut at = block.owner;
            loop {
                let element = &mut self.elements[at];
                element.chars += block.chars;
                element.link_chars += block.link_chars;
                if element.parent == at {
                    break;
                }
                at = element.parent;
            }
        }
    }

    /// A name on an element that holds most of the page's prose says nothing: `<div class="share-page">`.
    fn settle_roles(&mut self) {
        let junk = |e: &Element<'_>| !e.headline && e.role == Role::Junk;
        let prose_of = |e: &Element<'_>| e.chars - e.link_chars;
        let mut apart: Vec<bool> = self
            .elements
            .iter()
            .map(|e| junk(e) && super::rules::is_never_article(&e.node))
            .collect();
        // Readers' comments may be longer than the article, side columns too; they do not count.
        let all = self.prose_outside(&apart);
        for (apart, element) in apart.iter_mut().zip(&self.elements) {
            let column = junk(element) && super::rules::is_beside(&element.node);
            *apart |= column && prose_of(element) * 5 <= all * 4;
        }
        let total = self.prose_outside(&apart);
        for (element, apart) in self.elements.iter_mut().zip(apart) {
            let prose = prose_of(element);
            let too_long = match element.role {
                Role::Date => prose > 300,
                Role::Caption => prose > 500,
                Role::Author => prose > 800,
                _ => false,
            };
            if (prose * 2 > total && !apart) || too_long {
                element.role = Role::Plain;
            }
        }
    }

    /// Characters of prose that stand in none of the elements set apart.
    fn prose_outside(&self, apart: &[bool]) -> usize {
        self.blocks
            .iter()
            .filter(|b| !self.ancestors(b.owner).any(|i| apart[i]))
            .map(|b| b.chars - b.link_chars)
            .sum()
    }
}

#[derive(Default)]
struct Walk<'a> {
    tree: Tree<'a>,
    text: String,
    chars: usize,
    link_chars: usize,
    bold_chars: usize,
    italic_chars: usize,
    links: usize,
    bolds: usize,
    italics: usize,
    paragraphs: usize,
    picture: bool,
}

impl<'a> Walk<'a> {
    fn element(&mut self, node: NodeRef<'a>, parent: usize, depth: usize) {
        let tag = node
            .node_name()
            .map(|n| n.to_ascii_lowercase())
            .unwrap_or_default();
        match tag.as_str() {
            "br" | "hr" => return self.flush(parent),
            "img" | "picture" | "amp-img" => return self.saw_picture(parent),
            "head" | "script" | "style" | "meta" | "link" | "input" | "title" => return,
            _ => {}
        }
        if depth > MAX_DEPTH || is_hidden(&node) || super::rules::is_place_stamp(&node) {
            return;
        }
        let mut role = super::rules::role(&node, &tag);
        let inline = is_inline(&tag);
        if inline && self.paragraphs > 0 {
            role = Role::Plain;
        }
        let breaks = !inline || role != Role::Plain;
        if breaks {
            self.flush(parent);
        }
        // Running markup without a name of interest needs no place of its own.
        let index = if breaks {
            self.open(node, parent, &tag, role)
        } else {
            parent
        };
        if tag == "h1" {
            self.mark(index, |e| std::mem::replace(&mut e.headline, true));
        }
        self.children(node, &tag, index, depth);
        if breaks {
            self.flush(index);
        }
    }

    fn open(&mut self, node: NodeRef<'a>, parent: usize, tag: &str, role: Role) -> usize {
        let (right, centred) = alignment(&node, tag);
        self.tree.elements.push(Element {
            node,
            parent,
            tag: tag.to_owned(),
            role,
            right,
            centred,
            picture: false,
            headline: false,
            chars: 0,
            link_chars: 0,
        });
        self.tree.elements.len() - 1
    }

    fn children(&mut self, node: NodeRef<'a>, tag: &str, index: usize, depth: usize) {
        let counter = |walk: &mut Self, by: isize| {
            let count = match tag {
                "a" => &mut walk.links,
                "b" | "strong" | "h1" | "h2" | "h3" | "h4" | "h5" => &mut walk.bolds,
                "i" | "em" => &mut walk.italics,
                "p" => &mut walk.paragraphs,
                _ => return,
            };
            *count = count.saturating_add_signed(by);
        };
        counter(self, 1);
        for child in node.children_it(false) {
            if child.is_text() {
                self.push(&child.text());
            } else if child.is_element() {
                self.element(child, index, depth + 1);
            }
        }
        counter(self, -1);
    }

    fn saw_picture(&mut self, parent: usize) {
        self.flush(parent);
        self.picture = true;
        self.mark(parent, |e| std::mem::replace(&mut e.picture, true));
    }

    /// Marks an element and those around it, up to the first that has the mark already.
    fn mark(&mut self, from: usize, set: fn(&mut Element<'a>) -> bool) {
        let mut at = from;
        while let Some(element) = self.tree.elements.get_mut(at) {
            let (had, parent) = (set(element), element.parent);
            if had || parent == at {
                break;
            }
            at = parent;
        }
    }

    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() || c == '\u{200b}' {
                if !self.text.is_empty() && !self.text.ends_with(' ') {
                    self.text.push(' ');
                }
                continue;
            }
            if c.is_control() || is_invisible(c) {
                continue;
            }
            self.text.push(c);
            self.chars += 1;
            self.link_chars += usize::from(self.links > 0);
            self.bold_chars += usize::from(self.bolds > 0);
            self.italic_chars += usize::from(self.italics > 0);
        }
    }

    fn flush(&mut self, owner: usize) {
        let text = self.text.trim();
        if !text.is_empty()
            && self.tree.blocks.len() < MAX_BLOCKS
            && owner < self.tree.elements.len()
        {
            let after_picture = std::mem::take(&mut self.picture);
            self.tree.blocks.push(Block {
                text: text.nfc().collect(),
                chars: self.chars,
                link_chars: self.link_chars,
                bold_chars: self.bold_chars,
                italic_chars: self.italic_chars,
                owner,
                after_picture,
            });
        }
        self.text.clear();
        self.chars = 0;
        self.link_chars = 0;
        self.bold_chars = 0;
        self.italic_chars = 0;
    }
}

/// Whether an element's text is set to the right, and whether in the middle.
fn alignment(node: &NodeRef<'_>, tag: &str) -> (bool, bool) {
    let style = node
        .attr("style")
        .map(|s| {
            s.to_ascii_lowercase()
                .split_whitespace()
                .collect::<String>()
        })
        .unwrap_or_default();
    let align = node
        .attr("align")
        .map(|a| a.to_ascii_lowercase())
        .unwrap_or_default();
    let class = node.class().unwrap_or_default();
    let named = |names: &[&str]| class.split_whitespace().any(|c| names.contains(&c));
    let right = align == "right"
        || style.contains("text-align:right")
        || style.contains("text-align:end")
        || named(&[
            "text-right",
            "text-end",
            "align-right",
            "has-text-align-right",
        ]);
    let centred = tag == "center"
        || align == "center"
        || style.contains("text-align:center")
        || named(&["text-center", "align-center", "has-text-align-center"]);
    (right, centred)
}

/// Characters that print nothing and serve to hide or to turn text around.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Hidden text does not count: it is there for machines (threat: keywords to get in).
fn is_hidden(node: &NodeRef<'_>) -> bool {
    node.has_attr("hidden")
        || node.attr("style").is_some_and(|s| {
            let s: String = s.to_ascii_lowercase().split_whitespace().collect();
            s.contains("display:none") || s.contains("visibility:hidden")
        })
}

fn is_inline(tag: &str) -> bool {
    matches!(
        tag,
        "a" | "abbr"
            | "acronym"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "nobr"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
    ) || tag.contains(':') // Word: <o:p>, <st1:place>
}
