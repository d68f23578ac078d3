//! JSON Feed 1.0 and 1.1, read leniently: numbers as ids, `author` and `authors`, no `version`, values of a wrong kind,
//! a document that breaks off. Values are slices of the text wherever they hold no escapes.

use super::document::{Address, Document, ENTRIES_MAX, Fields, PrintedDate, Text, VALUES_MAX};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// Gathers what a JSON Feed says; `None` where the text is no JSON or not a feed.
pub(super) fn read(text: &str) -> Option<Document<'_>> {
    let mut root = Root::default();
    let read = Seed(&mut root).deserialize(&mut serde_json::Deserializer::from_str(text));
    if !root.has_items {
        return None;
    }
    root.document.cut = read.is_err();
    root.document.keep_newest(ENTRIES_MAX);
    Some(root.document)
}

/// Something that takes a JSON value of the kinds it knows; of all others it takes nothing.
trait Take<'de> {
    fn word(&mut self, _: Cow<'de, str>) {}

    fn list<A: SeqAccess<'de>>(&mut self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn member<A: MapAccess<'de>>(&mut self, _: &str, object: &mut A) -> Result<(), A::Error> {
        object.next_value::<IgnoredAny>().map(drop)
    }
}

/// Reads a value into `T`.
struct Seed<'t, T>(&'t mut T);

impl<'de, T: Take<'de>> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de, T: Take<'de>> Visitor<'de> for Seed<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, word: &'de str) -> Result<(), E> {
        let word = word.trim();
        if !word.is_empty() {
            self.0.word(Cow::Borrowed(word));
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<(), E> {
        let word = word.trim();
        if !word.is_empty() {
            self.0.word(Cow::Owned(word.to_owned()));
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = object.next_key()? {
            self.0.member(&key, &mut object)?;
        }
        Ok(())
    }
}

/// The name of a member.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let mut key = None;
        Seed(&mut key).deserialize(value)?;
        Ok(Self(key.unwrap_or_default()))
    }
}

/// The last word.
impl<'de> Take<'de> for Option<Cow<'de, str>> {
    fn word(&mut self, word: Cow<'de, str>) {
        *self = Some(word);
    }
}

/// The document: an object with `items`.
#[derive(Default)]
struct Root<'de> {
    document: Document<'de>,
    has_items: bool,
}

impl<'de> Take<'de> for Root<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        let feed = &mut self.document.feed;
        match key {
            "items" => object.next_value_seed(Seed(&mut Items(self))),
            "home_page_url" => word(object, |href| feed.link.offer(3, absolute(href))),
            "feed_url" => {
                let topic = &mut self.document.topic;
                word(object, |id| {
                    *topic = Some(absolute(id.clone()));
                    feed.id.offer(1, id);
                })
            }
            "hubs" => object.next_value_seed(Seed(&mut Hubs(&mut self.document))),
            "description" => word(object, |value| feed.summary.offer(3, html(value))),
            _ => common(feed, key, object),
        }
    }
}

struct Items<'r, 'de>(&'r mut Root<'de>);

impl<'de> Take<'de> for Items<'_, 'de> {
    fn list<A: SeqAccess<'de>>(&mut self, mut list: A) -> Result<(), A::Error> {
        self.0.has_items = true;
        let document = &mut self.0.document;
        loop {
            let mut item = Item::default();
            if list.next_element_seed(Seed(&mut item))?.is_none() {
                return Ok(());
            }
            document.add(item.0);
        }
    }
}

/// `hubs` (JSON Feed 1.1): objects of `type` and `url`; the other known type, `rssCloud`, is another protocol.
struct Hubs<'r, 'de>(&'r mut Document<'de>);

impl<'de> Take<'de> for Hubs<'_, 'de> {
    fn list<A: SeqAccess<'de>>(&mut self, mut list: A) -> Result<(), A::Error> {
        loop {
            let mut hub = Hub::default();
            if list.next_element_seed(Seed(&mut hub))?.is_none() {
                return Ok(());
            }
            if let (true, Some(url)) = (hub.is_websub(), hub.url) {
                self.0.add_hub(absolute(url));
            }
        }
    }
}

#[derive(Default)]
struct Hub<'de> {
    kind: Option<Cow<'de, str>>,
    url: Option<Cow<'de, str>>,
}

impl Hub<'_> {
    fn is_websub(&self) -> bool {
        let kind = self.kind.as_deref();
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("websub"))
    }
}

impl<'de> Take<'de> for Hub<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => word(object, |kind| self.kind = Some(kind)),
            "url" => word(object, |url| self.url = Some(url)),
            _ => object.next_value::<IgnoredAny>().map(drop),
        }
    }
}

#[derive(Default)]
struct Item<'de>(Fields<'de>);

impl<'de> Take<'de> for Item<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        let fields = &mut self.0;
        match key {
            "id" => word(object, |id| fields.id.offer(3, id)),
            "url" => word(object, |href| fields.link.offer(3, absolute(href))),
            "external_url" => word(object, |href| fields.link.offer(1, absolute(href))),
            "summary" => word(object, |value| fields.summary.offer(3, html(value))),
            "content_html" => word(object, |value| fields.content.offer(3, html(value))),
            "content_text" => word(object, |value| {
                fields.content.offer(2, Text { value, html: false });
            }),
            "date_published" | "date_modified" => word(object, |text| {
                fields.dates.push(PrintedDate {
                    updated: key == "date_modified",
                    strength: 3,
                    text,
                });
            }),
            "tags" => words(object, "", |term| fields.categories.push(term)),
            "attachments" => words(object, "url", |href| fields.enclosures.push(absolute(href))),
            _ => common(fields, key, object),
        }
    }
}

/// What a feed and an item have in common.
fn common<'de, A: MapAccess<'de>>(
    fields: &mut Fields<'de>,
    key: &str,
    object: &mut A,
) -> Result<(), A::Error> {
    match key {
        "title" => word(object, |value| fields.title.offer(3, html(value))),
        "language" => word(object, |language| fields.language.offer(3, language)),
        "author" | "authors" => words(object, "name", |name| fields.authors.push((3, name))),
        _ => object.next_value::<IgnoredAny>().map(drop),
    }
}

fn absolute(href: Cow<'_, str>) -> Address<'_> {
    Address { href, base: None }
}

fn html(value: Cow<'_, str>) -> Text<'_> {
    Text { value, html: true }
}

/// Gives the next value to `take` if it is a word.
fn word<'de, A: MapAccess<'de>>(
    object: &mut A,
    take: impl FnOnce(Cow<'de, str>),
) -> Result<(), A::Error> {
    let mut found = None;
    object.next_value_seed(Seed(&mut found))?;
    found.map(take);
    Ok(())
}

/// Gives the words of the next value to `take`: itself, its elements, and of objects the member `name`.
fn words<'de, A: MapAccess<'de>>(
    object: &mut A,
    name: &'static str,
    take: impl FnMut(Cow<'de, str>),
) -> Result<(), A::Error> {
    object.next_value_seed(Seed(&mut Words {
        name,
        take,
        left: VALUES_MAX,
        words: PhantomData,
    }))
}

struct Words<'de, F> {
    name: &'static str,
    take: F,
    left: usize,
    words: PhantomData<&'de str>,
}

impl<'de, F: FnMut(Cow<'de, str>)> Take<'de> for Words<'de, F> {
    fn word(&mut self, word: Cow<'de, str>) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            (self.take)(word);
        }
    }

    fn list<A: SeqAccess<'de>>(&mut self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Seed(self))?.is_some() {}
        Ok(())
    }

    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        if key == self.name {
            word(object, |value| self.word(value))
        } else {
            object.next_value::<IgnoredAny>().map(drop)
        }
    }
}
