//! Who signs the article.

use super::lines;
use super::meta::{Meta, key};
use super::tree::{Block, Role, Tree};
use url::Url;

/// The signature, and the blocks at the end of the text that are signature or source.
#[derive(Default)]
pub(super) struct Signature {
    /// The name; `None` when nobody signs.
    pub name: Option<String>,
    /// Blocks that are not running text.
    pub blocks: Vec<usize>,
}

/// Finds the signature: printed in a named place, at the end of the text, or stated in the metadata.
pub(super) fn find(
    tree: &Tree<'_>,
    meta: &Meta,
    url: Option<&Url>,
    title: Option<usize>,
    text: &[usize],
) -> Signature {
    let own = Own::new(meta, url);
    let mut signature = trailing(tree, &own, text);
    let first = text.first().copied().unwrap_or(0);
    let from = title.unwrap_or(first).saturating_sub(3);
    let upto = (text.last().copied().unwrap_or(0) + 25).min(tree.blocks.len());
    let printed = (from..upto)
        .filter(|at| {
            let block = &tree.blocks[*at];
            // Above the text, rows of name, time and share buttons are one box; below it, boxes are of other articles.
            let role = if *at < first {
                tree.nearest_role(block)
            } else {
                tree.role_of(block, usize::MAX)
            };
            role == Role::Author || is_marked(tree, block)
        })
        .filter_map(|at| lines::name_in(&tree.blocks[at].text))
        .find(|name| own.may_sign(name));
    let dated = || dated_line(tree, &own, title, first);
    let stated = || stated(meta, &own);
    signature.name = printed.or(signature.name).or_else(dated).or_else(stated);
    signature
}

/// Whether the page says to machines that a block names the author, wherever it stands.
fn is_marked(tree: &Tree<'_>, block: &Block) -> bool {
    tree.ancestors(block.owner)
        .take(3)
        .filter_map(|i| tree.elements[i].node.attr("itemprop"))
        .any(|name| name.eq_ignore_ascii_case("author"))
}

/// "Nguyên Minh - 07/03/2026 08:47", "By John Roe" between headline and text.
fn dated_line(tree: &Tree<'_>, own: &Own, title: Option<usize>, first: usize) -> Option<String> {
    let from = title.unwrap_or(first.saturating_sub(8));
    (from..first)
        .map(|at| &tree.blocks[at])
        .filter(|b| lines::is_dateline(&b.text) || lines::is_byline(&b.text))
        .filter_map(|b| lines::name_in(&b.text).or_else(|| after_by(&b.text)))
        .find(|name| {
            own.may_sign(name) && name.split_whitespace().count() >= 2 && !is_weekday(name)
        })
}

/// "Posted on 2 May 2025 by Ruth Calder".
fn after_by(line: &str) -> Option<String> {
    let (_, name) = line.rsplit_once(" by ")?;
    lines::name_in(name)
}

fn is_weekday(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "thứ ",
        "chủ nhật",
        "ngày",
        "cập nhật",
        "đăng",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "updated",
        "published",
    ]
    .iter()
    .any(|w| name.starts_with(w))
}

/// Reads the end of the text backwards: signature, source, "Tin, ảnh: …".
fn trailing(tree: &Tree<'_>, own: &Own, text: &[usize]) -> Signature {
    let mut signature = Signature::default();
    if text.len() < 2 {
        return signature;
    }
    for at in text.iter().rev().take(4).take(text.len() - 1) {
        let block = &tree.blocks[*at];
        let name = lines::name_in(&block.text).filter(|_| block.chars <= 90);
        let source = lines::is_source(&block.text);
        let set_apart = tree
            .ancestors(block.owner)
            .take(3)
            .any(|i| tree.elements[i].right)
            || block.is_bold()
            || block.is_italic()
            || lines::has_role(&block.text);
        // The last names of a list are no signatures.
        let listed = tree
            .ancestors(block.owner)
            .take(3)
            .any(|i| matches!(tree.elements[i].tag.as_str(), "li" | "td" | "dd"));
        let heading = tree.elements[block.owner].tag.starts_with('h');
        match name {
            Some(name)
                if (set_apart || source || (!listed && is_short_name(&name))) && !heading =>
            {
                if own.may_sign(&name) {
                    // The first of several lines signs; what follows it is the source.
                    signature.name = Some(name);
                }
                signature.blocks.push(*at);
            }
            _ if source => signature.blocks.push(*at),
            _ => break,
        }
    }
    signature
}

fn is_short_name(name: &str) -> bool {
    name.split_whitespace().count() <= 5 && name.chars().count() <= 40
}

fn stated(meta: &Meta, own: &Own) -> Option<String> {
    let persons = meta
        .all("dable:author")
        .chain(meta.all("article:author"))
        .chain(meta.all("author"))
        .chain(meta.all("dc.creator"))
        .chain(meta.all("sailthru.author"))
        .chain(meta.all("parsely-author"))
        .chain(meta.authors.iter().map(String::as_str));
    persons
        .filter_map(lines::name_in)
        .find(|name| own.may_sign(name) && name.split_whitespace().count() >= 2)
}

/// The names of the paper itself, which never sign.
struct Own {
    names: Vec<String>,
    host: Option<String>,
}

impl Own {
    fn new(meta: &Meta, url: Option<&Url>) -> Self {
        let address = url
            .cloned()
            .or_else(|| meta.own_url().and_then(|u| Url::parse(u).ok()));
        let host = address
            .as_ref()
            .and_then(Url::host_str)
            .and_then(|h| h.trim_start_matches("www.").split('.').next())
            .filter(|label| label.len() >= 3)
            .map(str::to_owned);
        Self {
            names: meta
                .sites
                .iter()
                .map(|s| key(s))
                .filter(|k| k.len() >= 3)
                .collect(),
            host,
        }
    }

    /// Not the paper's name, its domain, an account, a placeholder.
    fn may_sign(&self, name: &str) -> bool {
        const PLACEHOLDERS: [&str; 16] = [
            "bút danh",
            "tác giả",
            "admin",
            "administrator",
            "author",
            "editor",
            "biên tập",
            "biên tập viên",
            "quản trị",
            "quản trị viên",
            "ban biên tập",
            "tòa soạn",
            "staff",
            "unknown",
            "chia sẻ",
            "bình luận",
        ];
        let lower = name.to_lowercase();
        let own = key(name);
        let folded: String = fold(name);
        let account = !name.contains(' ') && name.chars().any(|c| c.is_ascii_digit());
        let domain = [".vn", ".com", ".net", ".org"]
            .iter()
            .any(|d| lower.ends_with(d));
        let paper = lower.starts_with("báo ")
            || lower.starts_with("tạp chí ")
            || lower.starts_with("đài ")
            || lower.ends_with(" online");
        !PLACEHOLDERS.contains(&lower.as_str())
            && !account
            && !domain
            && !paper
            && !self.names.contains(&own)
            && self.host.as_ref().is_none_or(|h| *h != folded)
    }
}

/// ASCII letters and digits of a name without its diacritics, lower case.
fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.nfd()
        .map(|c| match c {
            'đ' | 'Đ' => 'd',
            other => other.to_ascii_lowercase(),
        })
        .filter(char::is_ascii_alphanumeric)
        .collect()
}
