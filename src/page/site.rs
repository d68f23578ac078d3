//! What one paper's site rules (CSS selectors of the config) say of a page.

use super::{body, dates, lines, meta, tree};
use crate::model::PageRules;
use dom_query::{Document, Matcher};
use jiff::{Timestamp, tz::TimeZone};
use url::Url;

/// What the selectors of the site rules say.
#[derive(Default)]
pub(super) struct Ruled {
    /// The headline.
    pub title: Option<String>,
    /// The sapo.
    pub lead: Option<String>,
    /// The signature.
    pub author: Option<String>,
    /// The time.
    pub published: Option<Timestamp>,
}

impl Ruled {
    /// Reads what the selectors match; one that does not parse or matches nothing is as if it were not there.
    pub fn read(document: &Document, rules: &PageRules, zone: &TimeZone) -> Self {
        let text = |selector: &Option<String>| {
            let matcher = Matcher::new(selector.as_deref()?).ok()?;
            let found = document.select_single_matcher(&matcher);
            let text = meta::tidy(&found.text());
            (!text.is_empty()).then_some(text)
        };
        Self {
            title: text(&rules.title),
            lead: text(&rules.lead),
            author: text(&rules.author).and_then(|a| lines::name_in(&a)),
            published: text(&rules.published)
                .and_then(|t| dates::find(&t, dates::Written::Printed))
                .and_then(|s| s.instant(zone)),
        }
    }
}

/// Takes out of the page what the rules say is not article.
pub(super) fn remove(document: &Document, rules: &PageRules) {
    for selector in &rules.remove {
        if let Ok(matcher) = Matcher::new(selector) {
            document.select_matcher(&matcher).remove();
        }
    }
}

/// The place of the running text by the rules.
pub(super) fn ruled_body(
    document: &Document,
    tree: &tree::Tree<'_>,
    rules: &PageRules,
) -> Option<body::Body> {
    let matcher = Matcher::new(rules.body.as_deref()?).ok()?;
    let node = *document.select_single_matcher(&matcher).nodes().first()?;
    Some(body::at(tree, tree.index_of(&node)?))
}

/// What relative addresses of the page are relative to: its `<base href>`, else where it came from.
pub(super) fn base(document: &Document, came_from: &Url) -> Url {
    let written = document.select_single("base[href]").attr("href");
    written
        .and_then(|href| came_from.join(href.trim()).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .unwrap_or_else(|| came_from.clone())
}
