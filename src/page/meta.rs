//! What a page says of itself to machines: `<meta>`, `<link>`, JSON-LD.

use dom_query::Document;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;

/// `<meta>` elements read at most.
const MAX_METAS: usize = 400;
/// JSON-LD objects looked at, at most.
const MAX_OBJECTS: usize = 2_000;

/// The metadata of a page.
#[derive(Debug, Default)]
pub(super) struct Meta {
    /// Name, property or itemprop in lower case, and content as written (trimmed).
    named: Vec<(String, String)>,
    /// `rel=canonical` as written.
    pub canonical: Option<String>,
    /// `<title>`.
    pub document_title: Option<String>,
    /// JSON-LD: headlines.
    pub headlines: Vec<String>,
    /// JSON-LD: descriptions of the article.
    pub descriptions: Vec<String>,
    /// JSON-LD: datePublished.
    pub published: Vec<String>,
    /// JSON-LD: persons and organisations that sign.
    pub authors: Vec<String>,
    /// Names of the site: `og:site_name`, publishers.
    pub sites: Vec<String>,
    /// JSON-LD: names of the breadcrumb, the outermost first.
    pub breadcrumb: Vec<String>,
    /// JSON-LD: articleSection.
    pub section: Option<String>,
    /// JSON-LD: articleBody, its paragraphs.
    pub body: Vec<String>,
}

impl Meta {
    /// Reads the metadata of `document`, wherever in the page it stands.
    pub fn read(document: &Document) -> Self {
        let mut meta = Self::default();
        for node in document.select("meta").nodes().iter().take(MAX_METAS) {
            let Some(content) = node.attr("content") else {
                continue;
            };
            let content = tidy(&content);
            if content.is_empty() {
                continue;
            }
            for key in ["property", "name", "itemprop"] {
                if let Some(name) = node.attr(key) {
                    meta.named
                        .push((name.trim().to_lowercase(), content.clone()));
                }
            }
        }
        // Where a machine's date stands on the element that prints it, without being a `<meta>` or `<time>`.
        for node in document
            .select("[itemprop=datePublished]")
            .nodes()
            .iter()
            .take(10)
        {
            let stated = ["content", "datetime", "title"]
                .iter()
                .find_map(|name| node.attr(name));
            if let Some(text) = stated.filter(|_| !node.has_name("meta")) {
                meta.named.push(("datepublished".to_owned(), tidy(&text)));
            }
        }
        meta.canonical = document
            .select("link[rel]")
            .nodes()
            .iter()
            .filter(|n| {
                n.attr("rel").is_some_and(|r| {
                    r.split_whitespace()
                        .any(|r| r.eq_ignore_ascii_case("canonical"))
                })
            })
            .filter_map(|n| n.attr("href"))
            .map(|h| h.trim().to_owned())
            .find(|h| !h.is_empty());
        meta.document_title = document_title(document);
        if let Some(site) = meta.first(&["og:site_name", "site_name", "application-name"]) {
            meta.sites.push(site.to_owned());
        }
        for script in document.select("script").nodes().iter().take(50) {
            meta.structured(&script.text());
        }
        meta
    }

    /// The first value of any of `names`, in their order.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let found = self.named.iter().find(|(n, _)| n == name)?;
            Some(found.1.as_str())
        })
    }

    /// All values of `name`.
    pub fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> {
        self.named
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The address that the page calls its own, as written.
    pub fn own_url(&self) -> Option<&str> {
        self.canonical
            .as_deref()
            .or_else(|| self.first(&["og:url", "canonical", "twitter:url"]))
    }

    fn structured(&mut self, json: &str) {
        // Papers write raw line breaks into JSON strings, and wrap the whole in a comment or CDATA.
        let json: String = json
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let start = json.find(['{', '[']).unwrap_or(0);
        let end = json.rfind(['}', ']']).map_or(json.len(), |e| e + 1);
        let Some(text) = json.get(start..end) else {
            return;
        };
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let mut budget = MAX_OBJECTS;
        self.visit(&value, &mut budget);
    }

    fn visit(&mut self, value: &Value, budget: &mut usize) {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        match value {
            Value::Array(list) => list.iter().for_each(|v| self.visit(v, budget)),
            Value::Object(object) => {
                if let Some(graph) = object.get("@graph") {
                    self.visit(graph, budget);
                }
                let kinds = names_in(object.get("@type"));
                let is = |k: &str| kinds.iter().any(|kind| kind.ends_with(k));
                if is("Article") || is("BlogPosting") || is("Report") {
                    self.article(object);
                } else if is("BreadcrumbList") {
                    self.breadcrumbs(object);
                } else if is("Organization") || is("WebSite") || is("NewsMediaOrganization") {
                    self.sites.extend(names_in(object.get("name")));
                } else if let Some(main) = object.get("mainEntity") {
                    self.visit(main, budget);
                }
            }
            _ => {}
        }
    }

    fn article(&mut self, object: &serde_json::Map<String, Value>) {
        for key in ["headline", "name"] {
            self.headlines.extend(names_in(object.get(key)));
        }
        self.descriptions
            .extend(names_in(object.get("description")));
        for key in ["datePublished", "dateCreated"] {
            self.published.extend(names_in(object.get(key)));
        }
        self.authors.extend(names_in(object.get("author")));
        self.sites.extend(names_in(object.get("publisher")));
        if let (true, Some(Value::String(text))) = (self.body.is_empty(), object.get("articleBody"))
        {
            self.body = paragraphs(text);
        }
        if self.section.is_none() {
            self.section = names_in(object.get("articleSection")).into_iter().next();
        }
    }

    fn breadcrumbs(&mut self, object: &serde_json::Map<String, Value>) {
        let Some(Value::Array(list)) = object.get("itemListElement") else {
            return;
        };
        if !self.breadcrumb.is_empty() {
            return;
        }
        for step in list.iter().take(20) {
            let name = names_in(step.get("name"))
                .into_iter()
                .next()
                .or_else(|| names_in(step.get("item")).into_iter().next());
            self.breadcrumb.extend(name);
        }
    }
}

/// The paragraphs of an articleBody: plain text with line breaks, or HTML.
fn paragraphs(text: &str) -> Vec<String> {
    static BREAKS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)</?(?:p|br|div|li|h[1-6]|tr)\b[^>]{0,300}>").expect("a constant pattern")
    });
    let broken = match text.contains('<') {
        true => BREAKS.replace_all(text, "\n"),
        false => text.into(),
    };
    broken
        .lines()
        .map(|line| tidy(&crate::feed::plain(line)))
        .filter(|line| !line.is_empty())
        .collect()
}

/// `<title>`; the first that says something.
pub(super) fn document_title(document: &Document) -> Option<String> {
    document
        .select("title")
        .nodes()
        .iter()
        .map(|n| tidy(&n.text()))
        .find(|t| !t.is_empty())
}

/// The texts in a value that may be a text, an object with a name, or a list of such.
fn names_in(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![tidy(&unescape(text))],
        Some(Value::Object(object)) => match object.get("name") {
            Some(Value::String(text)) => vec![tidy(&unescape(text))],
            Some(Value::Array(list)) => list
                .iter()
                .filter_map(Value::as_str)
                .map(tidy)
                .take(20)
                .collect(),
            _ => Vec::new(),
        },
        Some(Value::Array(list)) => list
            .iter()
            .take(20)
            .filter(|v| !v.is_array())
            .flat_map(|v| names_in(Some(v)))
            .collect(),
        _ => Vec::new(),
    }
    .into_iter()
    .filter(|t| !t.is_empty())
    .collect()
}

/// Character references that a paper left in its JSON.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let end = text
        .char_indices()
        .nth(20_000)
        .map_or(text.len(), |(i, _)| i);
    let escaped = text[..end].replace('<', "&lt;");
    Document::fragment(escaped).root().text().to_string()
}

/// White space collapsed, NFC, no control or invisible characters.
pub(super) fn tidy(text: &str) -> String {
    let clean: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'))
        .map(|c| if c.is_control() { ' ' } else { c })
        .nfc()
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters and digits only, lower case: for comparing texts that were set differently.
pub(super) fn key(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
