//! An article page → the article. The order of the steps; each step has its own file.

use super::{
    author, body, decode, guard, lead, library, lines, meta, published, site, title, tree,
};
use crate::model::PageRules;
use dom_query::Document;
use jiff::{Timestamp, tz::TimeZone};
use thiserror::Error;
use url::Url;

/// Bytes of a page at most.
pub const MAX_PAGE_BYTES: usize = 5 * 1024 * 1024;
/// Characters of running text that an article has at least.
const MIN_TEXT_CHARS: usize = 60;
/// Below this many characters, or a third of the page's prose, the library is asked as well.
const SPARSE_CHARS: usize = 250;

/// What an article page says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageArticle {
    /// The headline as printed, one line; empty only when the page has none at all.
    pub title: String,
    /// The sapo as printed; `None` where the page prints none.
    pub lead: Option<String>,
    /// Paragraphs joined by a blank line, without headline, sapo, signature, captions, links to other articles.
    pub text: String,
    /// Who signs; never the paper itself.
    pub author: Option<String>,
    /// When it was published, by its own word.
    pub published: Option<Timestamp>,
    /// The address the page calls its own, as written; not checked.
    pub canonical_url: Option<String>,
    /// The section's name, or its slug from the address.
    pub section: Option<String>,
}

/// Why a page is not read as an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAnArticle {
    /// More than [`MAX_PAGE_BYTES`].
    #[error("the page has more than {MAX_PAGE_BYTES} bytes")]
    TooLarge,
    /// No running text that could be an article.
    #[error("the page holds no running text")]
    NoText,
    /// Reading it failed in a way that should not happen.
    #[error("the page could not be read")]
    Unreadable,
}

/// Reads an article page. `content_type` is the HTTP header, `url` where the page came from, `zone` the zone of dates
/// without one.
///
/// Site rules come first: each selector that matches decides its part, the general reading does the rest. A selector
/// that does not parse or matches nothing is as if it were not there. Time is linear in the page, memory bounded.
///
/// # Errors
/// [`NotAnArticle`] when the page is too large or has no text.
pub fn extract(
    html: &[u8],
    content_type: Option<&str>,
    url: Option<&Url>,
    rules: &PageRules,
    zone: &TimeZone,
) -> Result<PageArticle, NotAnArticle> {
    if html.len() > MAX_PAGE_BYTES {
        return Err(NotAnArticle::TooLarge);
    }
    let read = std::panic::AssertUnwindSafe(|| {
        let page = guard::bounded(&decode::decode(html, content_type).0);
        read(&page, url, rules, zone)
    });
    // The tree builder is not ours: a panic in it is this page's trouble only.
    std::panic::catch_unwind(read).unwrap_or(Err(NotAnArticle::Unreadable))
}

fn read(
    page: &str,
    url: Option<&Url>,
    rules: &PageRules,
    zone: &TimeZone,
) -> Result<PageArticle, NotAnArticle> {
    let document = Document::from(page);
    let meta = meta::Meta::read(&document);
    let ruled = site::Ruled::read(&document, rules, zone);
    site::remove(&document, rules);
    let tree = tree::Tree::read(&document);
    let found = title::find(&tree, &meta);
    let title_block = found.as_ref().and_then(|t| t.block);
    let headline = ruled.title.or(found.map(|t| t.text)).unwrap_or_default();
    let by_rule = site::ruled_body(&document, &tree, rules);
    let ruled_body = by_rule.is_some();
    let blocks = by_rule
        .or_else(|| body::find(&tree, title_block))
        .map_or_else(Vec::new, |body| {
            body::text_blocks(&tree, &body, title_block)
        });
    let lead = lead::find(&tree, &meta, title_block, &headline, &blocks);
    let signature = author::find(&tree, &meta, url, title_block, &blocks);
    let own = meta::key(&headline);
    let running: Vec<usize> = blocks
        .into_iter()
        .filter(|at| !lead.blocks.contains(at) && !signature.blocks.contains(at))
        .filter(|at| meta::key(&tree.blocks[*at].text) != own)
        .collect();
    let paragraphs: Vec<&str> = running
        .iter()
        .map(|at| tree.blocks[*at].text.as_str())
        .collect();
    let mut text = paragraphs.join("\n\n");
    let sparse =
        text.chars().count() < SPARSE_CHARS || text.chars().count() * 3 < body::prose_chars(&tree);
    if sparse && !ruled_body {
        text = fuller(text, page, &own, lead.text.as_deref());
    }
    if text.chars().count() < SPARSE_CHARS {
        text = stated(text, &meta);
    }
    let lead = ruled.lead.or(lead.text);
    if text.chars().count() + lead.as_ref().map_or(0, |l| l.chars().count()) < MIN_TEXT_CHARS {
        return Err(NotAnArticle::NoText);
    }
    let printed = || published::find(&tree, &meta, title_block, &running, zone);
    Ok(PageArticle {
        published: ruled.published.or_else(printed),
        author: ruled.author.or(signature.name),
        canonical_url: meta.own_url().map(str::to_owned),
        section: section(&document, &meta, url, &headline),
        title: headline,
        lead,
        text,
    })
}

/// The text that the page states in its structured data, where that has much more than what it shows: pages that a
/// script draws.
fn stated(shown: String, meta: &meta::Meta) -> String {
    let stated = meta.body.join("\n\n");
    if stated.len() > 2 * shown.len() + 100 {
        stated
    } else {
        shown
    }
}

/// The library's text where it found much more than we did: ours and more, or anything where we found nothing.
fn fuller(ours: String, page: &str, title: &str, lead: Option<&str>) -> String {
    let lead = lead.map(meta::key).unwrap_or_default();
    let theirs: Vec<String> = library::paragraphs(page)
        .into_iter()
        .filter(|p| {
            let own = meta::key(p);
            own != title
                && own != lead
                && !lines::is_invitation(p)
                && !lines::is_caption(p)
                && !lines::is_noise(p)
        })
        .collect();
    let first = ours.split("\n\n").next().map(meta::key).unwrap_or_default();
    let around =
        ours.chars().count() < MIN_TEXT_CHARS || theirs.iter().any(|p| meta::key(p) == first);
    let theirs = theirs.join("\n\n");
    if around && theirs.len() > 2 * ours.len() + 100 {
        theirs
    } else {
        ours
    }
}

/// The innermost section: breadcrumb, stated section, else the last folder of the address.
fn section(
    document: &Document,
    meta: &meta::Meta,
    url: Option<&Url>,
    headline: &str,
) -> Option<String> {
    let stated = || {
        meta.first(&["article:section", "articlesection"])
            .map(str::to_owned)
            .or_else(|| meta.section.clone())
    };
    let is_section = |name: &String| (2..=60).contains(&name.chars().count()) && name != headline;
    let structured = || {
        meta.breadcrumb
            .iter()
            .skip(1)
            .rev()
            .find(|n| is_section(n))
            .cloned()
    };
    let printed = || {
        let links = document.select("[class*=crumb] a");
        let names = links.nodes().iter().take(20).skip(1);
        let names: Vec<String> = names.map(|n| meta::tidy(&n.text())).collect();
        names.into_iter().rev().find(is_section)
    };
    let slug = || {
        let parts: Vec<&str> = url?.path_segments()?.filter(|p| !p.is_empty()).collect();
        let (_, folders) = parts.split_last()?;
        folders
            .iter()
            .rev()
            .find(|p| p.chars().any(|c| c.is_ascii_alphabetic()))
            .map(|p| (*p).to_owned())
    };
    structured().or_else(stated).or_else(printed).or_else(slug)
}
