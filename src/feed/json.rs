//! JSON Feed 1.0 and 1.1, read leniently: numbers as ids, `author` and `authors`, no `version`.

use super::document::{Address, Document, Fields, PrintedDate, Text};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Gathers what a JSON Feed says; `None` where the text is no JSON or not a feed.
pub(super) fn read(text: &str) -> Option<Document<'static>> {
    let Ok(Value::Object(root)) = serde_json::from_str(text) else {
        return None;
    };
    let items = root.get("items")?.as_array()?;
    let mut document = Document {
        feed: common(&root, "home_page_url", "description"),
        ..Document::default()
    };
    if let Some(id) = word(&root, "feed_url") {
        document.feed.id.offer(1, id);
    }
    document.entries = items
        .iter()
        .filter_map(Value::as_object)
        .map(item)
        .filter(|entry| !entry.is_empty())
        .collect();
    document.keep_newest(super::repair::ENTRIES_MAX);
    Some(document)
}

fn item(item: &Map<String, Value>) -> Fields<'static> {
    let mut fields = common(item, "url", "summary");
    if let Some(id) = word(item, "id") {
        fields.id.offer(3, id);
    }
    if let Some(href) = word(item, "external_url") {
        fields.link.offer(1, Address { href, base: None });
    }
    for (key, html, strength) in [("content_html", true, 3), ("content_text", false, 2)] {
        if let Some(value) = word(item, key) {
            fields.content.offer(strength, Text { value, html });
        }
    }
    for (key, updated) in [("date_published", false), ("date_modified", true)] {
        if let Some(text) = word(item, key) {
            fields.dates.push(PrintedDate {
                updated,
                strength: 3,
                text,
            });
        }
    }
    fields.categories = list(item, "tags").filter_map(as_word).collect();
    fields.enclosures = list(item, "attachments")
        .filter_map(|attachment| word(attachment.as_object()?, "url"))
        .map(|href| Address { href, base: None })
        .collect();
    fields
}

/// What a feed and an item have in common.
fn common(object: &Map<String, Value>, link: &str, summary: &str) -> Fields<'static> {
    let mut fields = Fields::default();
    if let Some(value) = word(object, "title") {
        fields.title.offer(3, Text { value, html: true });
    }
    if let Some(value) = word(object, summary) {
        fields.summary.offer(3, Text { value, html: true });
    }
    if let Some(href) = word(object, link) {
        fields.link.offer(3, Address { href, base: None });
    }
    if let Some(language) = word(object, "language") {
        fields.language.offer(3, language);
    }
    fields.authors = list(object, "authors")
        .chain(object.get("author"))
        .filter_map(|author| {
            author
                .as_object()
                .and_then(|author| word(author, "name"))
                .or_else(|| as_word(author))
        })
        .map(|name| (3, name))
        .collect();
    fields
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn word(object: &Map<String, Value>, key: &str) -> Option<Cow<'static, str>> {
    object.get(key).and_then(as_word)
}

fn as_word(value: &Value) -> Option<Cow<'static, str>> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(Cow::Owned(text))
}
