//! Who is who: the names under which an entry and the article behind it are recognised again.
//!
//! Precision first. What may be shared by two articles names neither: an id or text that occurs twice in a document,
//! a short number, a home page. The store asks the keys strongest first and never joins two articles it has.

use super::canonical::{Address, day, digit_runs, names_a_page};
use super::plain::{is_clean_line, plain};
use crate::model::{ArticleKey, Entry, IdentifiedEntry, Source};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use unicode_normalization::UnicodeNormalization as _;

/// Text shorter than this (characters) may be the same in two articles: a standing phrase, a series' line.
const TEXT_MIN: usize = 200;
/// Fewer digits than this may be a year, a road or a quantity.
const CMS_DIGITS_MIN: usize = 5;
/// What stands between the last hyphen and the number.
const CMS_LABELS: &[&str] = &[
    "", "a", "ar", "art", "article", "bv", "c", "d", "i", "id", "n", "news", "newsid", "p", "pid",
    "post", "postid", "t", "tin",
];
/// From so many headlines under one address it is a list, not an article.
const HEADLINES_PER_URL: usize = 3;
/// Among so many paragraphs of a content the lead is looked for, and it is at least so many characters long.
const PARAGRAPHS_MAX: usize = 20;
const PARAGRAPH_MIN: usize = 40;
/// Longest lead kept, in characters.
const SAPO_MAX: usize = 1500;

/// Names every entry of one document of `source`. `section` is the feed's own, for entries whose address has none.
/// The order is kept; what a person would call one item may be named by two entries, and then shares a key.
pub fn identify(
    source: &Source,
    section: Option<&str>,
    entries: Vec<Entry>,
) -> Vec<IdentifiedEntry> {
    let mut marks: Vec<Marks> = entries
        .iter()
        .map(|entry| Marks::of(source, entry))
        .collect();
    drop_shared(&mut marks);
    let alone = one_of_its_kind(&marks, |m| m.url.as_ref());
    entries
        .into_iter()
        .zip(marks.into_iter().zip(alone))
        .map(|(entry, (marks, alone))| {
            let address = marks.address.as_ref();
            IdentifiedEntry {
                entry_key: marks.entry_key(&entry, alone),
                article_keys: marks.article_keys(source, &entry),
                section: address
                    .and_then(section_of)
                    .or_else(|| section.map(str::to_owned)),
                url_date: address.and_then(Address::day),
                url: address.map(Address::for_people),
                sapo: marks.sapo,
                content: [0; 16],
                entry,
            }
            .hashed()
        })
        .collect()
}

/// All that could name an entry.
struct Marks {
    /// The address as given.
    address: Option<Address>,
    /// Its canonical form, unless it names a whole site.
    url: Option<String>,
    guid: Option<Guid>,
    /// Host and number.
    cms: Option<String>,
    /// Hash of title and text, of a long text that has no number.
    text: Option<String>,
    /// The headline, for comparing only.
    title: String,
    sapo: Option<String>,
}

/// An id, in the form in which it is compared.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Guid {
    /// An address, without scheme and dress.
    Address(String),
    /// Long and irregular enough to be unique within the paper.
    Unique(String),
    /// Means something within its feed only.
    OfFeed(String),
}

impl Marks {
    fn of(source: &Source, entry: &Entry) -> Self {
        let id = entry.guid.as_deref().map(squeeze);
        let link = entry.link.as_deref().and_then(Address::read);
        // In most feeds both are one text.
        let id_address = match id.as_deref() {
            id if id == entry.link.as_deref() => link.clone(),
            id => id.and_then(Address::read),
        };
        let guid = id.and_then(|id| Guid::of(source, id, id_address.as_ref()));
        let address = link.or(id_address);
        let url = address
            .as_ref()
            .map(|address| address.canonical_in(source))
            .filter(|url| names_a_page(url));
        let summary = plain(entry.summary.as_deref().unwrap_or_default());
        let title = squeeze(&entry.title).into_owned();
        let cms = address.as_ref().and_then(cms_number);
        // Two numbers of the paper's own are two articles, though they print the same words: copies, not one.
        let text = (cms.is_none() && !title.is_empty())
            .then(|| long_text(&title, &summary, entry))
            .flatten();
        Self {
            sapo: sapo(summary, entry.content.as_deref().unwrap_or_default()),
            address,
            url,
            guid,
            cms,
            text,
            title,
        }
    }

    /// The item's name within its feed. The address first: some feeds give their items new ids at every request.
    fn entry_key(&self, entry: &Entry, url_is_alone: bool) -> String {
        match (&self.url, &self.guid) {
            (Some(url), _) if url_is_alone => format!("u:{url}"),
            (Some(url), Some(guid)) => format!("u:{url}\ng:{}", guid.as_str()),
            (Some(url), None) => format!("u:{url}\nt:{}", self.title),
            (None, Some(guid)) => format!("g:{}", guid.as_str()),
            (None, None) => format!("e:{}", whole(entry)),
        }
    }

    /// Strongest first; never empty.
    fn article_keys(&self, source: &Source, entry: &Entry) -> Vec<ArticleKey> {
        let paper = source.key.as_str();
        let mut keys = Vec::with_capacity(4);
        if let Some(url) = &self.url {
            keys.push(format!("url:{url}"));
        }
        match &self.guid {
            Some(Guid::Address(id) | Guid::Unique(id)) => keys.push(format!("guid:{paper}:{id}")),
            Some(Guid::OfFeed(id)) => keys.push(format!("feed-guid:{id}")),
            None => {}
        }
        if let Some(cms) = &self.cms {
            keys.push(format!("cms:{paper}:{cms}"));
        }
        if let Some(text) = &self.text {
            keys.push(format!("text:{paper}:{text}"));
        }
        if keys.is_empty() {
            keys.push(format!("entry:{paper}:{}", whole(entry)));
        }
        keys.into_iter().map(ArticleKey).collect()
    }
}

impl Guid {
    /// `id` is squeezed; `address` is what it says, where it is one.
    fn of(source: &Source, id: Cow<'_, str>, address: Option<&Address>) -> Option<Self> {
        if let Some(address) = address {
            let address = address.canonical_in(source);
            // A home page or section front as everybody's id says nothing.
            return names_a_page(&address).then_some(Self::Address(address));
        }
        if id.is_empty() {
            return None;
        }
        let id = id.into_owned();
        Some(if looks_unique(&id) {
            Self::Unique(id)
        } else {
            Self::OfFeed(id)
        })
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Address(id) | Self::Unique(id) | Self::OfFeed(id) => id,
        }
    }
}

/// UUIDs, `tag:` and `urn:` ids, long numbers: what no second feed of the paper uses for something else.
fn looks_unique(id: &str) -> bool {
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    let spaceless = !id.contains(char::is_whitespace);
    let named = id.starts_with("tag:") || id.starts_with("urn:");
    spaceless && ((named && digits > 0) || (id.len() >= 12 && digits >= 6))
}

/// Takes away what two entries of the document share, and addresses that carry a whole list.
fn drop_shared(marks: &mut [Marks]) {
    let lists = lists(marks);
    for (m, _) in marks.iter_mut().zip(lists).filter(|(_, list)| *list) {
        m.url = None;
        m.cms = None;
    }
    let guids = one_of_its_kind(marks, |m| m.guid.as_ref());
    let numbers = under_one_address(marks, |m| m.cms.as_ref());
    let texts = under_one_address(marks, |m| m.text.as_ref());
    for (at, m) in marks.iter_mut().enumerate() {
        m.guid = m.guid.take().filter(|_| guids[at]);
        m.cms = m.cms.take().filter(|_| numbers[at]);
        m.text = m.text.take().filter(|_| texts[at]);
    }
}

/// Of each entry, whether its address carries so many headlines that it is a list's.
fn lists(marks: &[Marks]) -> Vec<bool> {
    let mut headlines: HashMap<&str, HashSet<&str>> = HashMap::with_capacity(marks.len());
    for m in marks {
        if let Some(url) = &m.url {
            headlines.entry(url).or_default().insert(&m.title);
        }
    }
    let many = |url: &str| headlines.get(url).map_or(0, HashSet::len) >= HEADLINES_PER_URL;
    let of = |m: &Marks| m.url.as_deref().is_some_and(many);
    marks.iter().map(of).collect()
}

/// Of each entry, whether no other has the same value.
fn one_of_its_kind<T: Hash + Eq>(
    marks: &[Marks],
    value: impl Fn(&Marks) -> Option<&T>,
) -> Vec<bool> {
    let mut counts: HashMap<&T, usize> = HashMap::with_capacity(marks.len());
    for value in marks.iter().filter_map(&value) {
        *counts.entry(value).or_default() += 1;
    }
    let alone = |m: &Marks| value(m).is_some_and(|value| counts.get(value) == Some(&1));
    marks.iter().map(alone).collect()
}

/// Of each entry, whether its value occurs under its own address alone.
fn under_one_address(marks: &[Marks], value: impl Fn(&Marks) -> Option<&String>) -> Vec<bool> {
    let mut addresses: HashMap<&String, Option<&String>> = HashMap::with_capacity(marks.len());
    let mut shared: HashSet<&String> = HashSet::new();
    for m in marks {
        if let Some(value) = value(m)
            && *addresses.entry(value).or_insert(m.url.as_ref()) != m.url.as_ref()
        {
            shared.insert(value);
        }
    }
    let own = |m: &Marks| value(m).is_some_and(|value| !shared.contains(value));
    marks.iter().map(own).collect()
}

/// Host and number of an address whose last part ends in the number that the paper's CMS gave: `-4846612.html`,
/// `-post578873.html`, `-d1451255.html`, `188260307071033787.chn`. The host stays, since merged papers bring
/// two numberings under one name. `None` for dates, round numbers and what is too short to be sure.
fn cms_number(address: &Address) -> Option<String> {
    let path = address.canonical().split('?').next()?;
    let last = path.rsplit('/').next()?;
    let stem = last.split('.').next().filter(|_| path.contains('/'))?;
    let (start, number) = digit_runs(stem).into_iter().next_back()?;
    let at_end = start + number.len() == stem.len();
    let label = stem[..start].rsplit(['-', '_']).next().unwrap_or_default();
    // `-post578873`, `-578873` and `578873`, but not `-quoclo12345`, which counts roads.
    let shaped = CMS_LABELS.contains(&label);
    let sure = number.len() >= CMS_DIGITS_MIN && !number.ends_with("000") && !is_date(number);
    (at_end && shaped && sure).then(|| format!("{}:{number}", address.host()))
}

/// `20261122` or `22112026`: every article of the day may end in it.
fn is_date(number: &str) -> bool {
    number.len() == 8
        && (day(&number[..4], &number[4..6], &number[6..]).is_some()
            || day(&number[4..], &number[2..4], &number[..2]).is_some())
}

/// The section that stands in the address: its last directory with a name.
pub fn section_of(address: &Address) -> Option<String> {
    const NO_SECTIONS: &[&str] = &[
        "tin-tuc",
        "tin",
        "news",
        "bai-viet",
        "article",
        "articles",
        "post",
        "posts",
        "chuyen-muc",
        "rss",
        "amp",
        "print",
        "vi",
        "vn",
        "detail",
        "chi-tiet",
        "index.php",
    ];
    let path = address.canonical().split('?').next()?;
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    parts.pop();
    let named = |part: &&&str| {
        part.chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
            && part.chars().filter(|c| c.is_alphabetic()).count() >= 2
            && !NO_SECTIONS.contains(part)
            && part.len() <= 80
            && day_free(part)
    };
    parts
        .iter()
        .rev()
        .find(named)
        .map(|part| (*part).to_owned())
}

/// Whether the part is no month folder such as `202611` with letters around it.
fn day_free(part: &str) -> bool {
    digit_runs(part).iter().all(|(_, run)| run.len() < 6)
}

/// The lead: the summary, else the first paragraph of the content that says something.
fn sapo(summary: String, content: &str) -> Option<String> {
    let whole = if summary.is_empty() {
        let mut paragraphs = content.split("</p>").take(PARAGRAPHS_MAX).map(plain);
        paragraphs
            .find(|text| text.chars().count() >= PARAGRAPH_MIN)
            .unwrap_or_else(|| plain(content))
    } else {
        summary
    };
    // A character has a byte at least.
    let over = (whole.len() > SAPO_MAX).then(|| whole.char_indices().nth(SAPO_MAX));
    let cut = match over.flatten() {
        None => whole,
        Some((end, _)) => {
            let end = whole[..end].rfind(' ').unwrap_or(end);
            format!("{}…", whole[..end].trim_end())
        }
    };
    (!cut.is_empty()).then_some(cut)
}

/// Hash of headline and text, where there is enough of it to be nobody else's.
fn long_text(title: &str, summary: &str, entry: &Entry) -> Option<String> {
    let content = plain(entry.content.as_deref().unwrap_or_default());
    let long = summary.chars().count() + content.chars().count() >= TEXT_MIN;
    long.then(|| digest(&[title, summary, &content]))
}

/// Hash of everything, for entries that have nothing else.
fn whole(entry: &Entry) -> String {
    digest(&[
        &entry.title,
        &plain(entry.summary.as_deref().unwrap_or_default()),
        &plain(entry.content.as_deref().unwrap_or_default()),
        entry.raw_date.as_deref().unwrap_or_default(),
        entry.enclosures.first().map_or("", String::as_str),
    ])
}

/// NFC, white space as single blanks.
fn squeeze(text: &str) -> Cow<'_, str> {
    if is_clean_line(text) {
        return Cow::Borrowed(text);
    }
    let text: String = text.nfc().collect();
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A stable hash over texts, each squeezed; 32 hex digits.
fn digest(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(squeeze(part).as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests;
