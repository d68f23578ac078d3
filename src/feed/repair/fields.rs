//! Puts the values of properties where they belong.

use super::super::{
    dialect::Field,
    document::{Address, Document, ENCLOSURES_MAX, Fields, PrintedDate, Slot, VALUES_MAX},
    markup,
    value::{self, Inside},
};
use std::{borrow::Cow, rc::Rc};
use url::Url;

/// CDF keeps address and date on the item itself.
pub(super) fn cdf_attributes<'a>(fields: &mut Fields<'a>, attributes: &'a str) {
    if let Some(href) = markup::attribute(attributes, "href") {
        fields.link.offer(2, Address { href, base: None });
    }
    if let Some(text) = markup::attribute(attributes, "lastmod") {
        fields.dates.push(PrintedDate {
            updated: true,
            strength: 2,
            text,
        });
    }
}

/// Puts a value where it belongs.
pub(super) fn set<'a>(
    fields: &mut Fields<'a>,
    field: Field,
    strength: u8,
    inside: Inside<'a>,
    base: Option<Rc<Url>>,
) {
    let text = |slot: &mut Slot<_>| {
        let text = inside.text();
        if !text.value.is_empty() {
            slot.offer(strength, text);
        }
    };
    match field {
        Field::Title => text(&mut fields.title),
        Field::Summary => text(&mut fields.summary),
        Field::Content => text(&mut fields.content),
        Field::Link => set_link(fields, strength, inside, base),
        Field::Id => set_id(fields, strength, inside),
        Field::Language => {
            let language = inside.literal();
            if !language.is_empty() {
                fields.language.offer(strength, language);
            }
        }
        Field::Published | Field::Updated => {
            let text = inside.literal();
            if !text.is_empty() && fields.dates.len() < VALUES_MAX {
                fields.dates.push(PrintedDate {
                    updated: field == Field::Updated,
                    strength,
                    text,
                });
            }
        }
        Field::Author => set_author(fields, strength, inside),
        Field::Category => set_category(fields, inside),
        Field::Enclosure => {
            let href = markup::attribute(inside.attributes, "url")
                .or_else(|| markup::attribute(inside.attributes, "href"));
            add_enclosure(fields, href.unwrap_or_else(|| inside.literal()), base);
        }
        Field::Ttl
        | Field::SkipHours
        | Field::SkipDays
        | Field::UpdatePeriod
        | Field::UpdateFrequency => {}
    }
}

fn add_enclosure<'a>(fields: &mut Fields<'a>, href: Cow<'a, str>, base: Option<Rc<Url>>) {
    if !href.trim().is_empty() && fields.enclosures.len() < ENCLOSURES_MAX {
        fields.enclosures.push(Address { href, base });
    }
}

fn set_link<'a>(fields: &mut Fields<'a>, strength: u8, inside: Inside<'a>, base: Option<Rc<Url>>) {
    let Some(href) = markup::attribute(inside.attributes, "href") else {
        let href = inside.literal();
        if !href.is_empty() {
            fields.link.offer(strength, Address { href, base });
        }
        return;
    };
    let rel = markup::attribute(inside.attributes, "rel")
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match rel.rsplit('/').next().unwrap_or_default() {
        "enclosure" => add_enclosure(fields, href, base),
        "" | "alternate" if !href.trim().is_empty() => {
            // RFC 4287 §4.2.7.2: several alternates differ in type; people read HTML.
            let kind = markup::attribute(inside.attributes, "type");
            let html = kind.is_none_or(|kind| kind.contains("html") || kind.trim().is_empty());
            let strength = if html {
                strength + 1
            } else {
                strength.saturating_sub(1)
            };
            fields.link.offer(strength, Address { href, base });
        }
        _ => {}
    }
}

/// Keeps what a link of the feed itself says of its hub (W3C WebSub §4): `rel` may name several relations.
pub(super) fn note_hub<'a>(
    document: &mut Document<'a>,
    attributes: &'a str,
    base: Option<&Rc<Url>>,
) {
    let Some(rel) = markup::attribute(attributes, "rel") else {
        return;
    };
    let names = |wanted: &str| {
        rel.split_whitespace()
            .any(|word| word.eq_ignore_ascii_case(wanted))
    };
    let address = || {
        let href = markup::attribute(attributes, "href")?;
        Some(Address {
            href,
            base: base.cloned(),
        })
    };
    if names("hub")
        && let Some(hub) = address()
    {
        document.add_hub(hub);
    }
    if names("self") && document.topic.is_none() {
        document.topic = address();
    }
}

fn set_id<'a>(fields: &mut Fields<'a>, strength: u8, inside: Inside<'a>) {
    let id = inside.literal();
    if id.is_empty() {
        return;
    }
    let denied = markup::attribute(inside.attributes, "ispermalink")
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
    let address = ["http://", "https://"].iter().any(|scheme| {
        id.get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    });
    if strength == 3 && !denied && address {
        fields.link.offer(
            1,
            Address {
                href: id.clone(),
                base: None,
            },
        );
    }
    fields.id.offer(strength, id);
}

fn set_author<'a>(fields: &mut Fields<'a>, strength: u8, inside: Inside<'a>) {
    let name = if inside.markup {
        value::child(inside.source, "name")
            .or_else(|| value::child(inside.source, "email"))
            .or_else(|| value::child(inside.source, "value"))
            .unwrap_or_else(|| inside.literal())
    } else {
        // CDF: <AUTHOR VALUE="…"/>.
        let text = inside.literal();
        if text.is_empty() {
            markup::attribute(inside.attributes, "value").unwrap_or(text)
        } else {
            text
        }
    };
    if !name.trim().is_empty() && fields.authors.len() < VALUES_MAX {
        fields.authors.push((strength, name));
    }
}

fn set_category<'a>(fields: &mut Fields<'a>, inside: Inside<'a>) {
    let text = inside.literal();
    let term = ["term", "label", "value"].iter().find_map(|name| {
        markup::attribute(inside.attributes, name).filter(|value| !value.trim().is_empty())
    });
    let term = if text.is_empty() { term } else { Some(text) };
    if let Some(term) = term.filter(|_| fields.categories.len() < VALUES_MAX) {
        fields.categories.push(term);
    }
}
