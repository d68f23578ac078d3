//! Who is who: the names under which an entry and the article behind it are recognised again.
//!
//! Precision first. What may be shared by two articles names neither: an id or text that occurs twice in a document,
//! a short number, a home page. The store asks the keys strongest first and never joins two articles it has.

use super::canonical::{
    canonical, canonical_host, canonical_in, date_in_url, day, digit_runs, for_people, names_a_page,
};
use super::plain::plain;
use crate::model::{ArticleKey, Entry, IdentifiedEntry, Source};
use std::collections::{HashMap, HashSet};
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
    let urls = count(marks.iter().filter_map(|m| m.url.clone()));
    entries
        .into_iter()
        .zip(marks)
        .map(|(entry, marks)| {
            let alone = marks
                .url
                .as_ref()
                .is_some_and(|url| urls.get(url) == Some(&1));
            let entry_key = marks.entry_key(alone);
            let url = marks.address.as_deref().and_then(for_people);
            IdentifiedEntry {
                entry_key,
                article_keys: marks.article_keys(source),
                sapo: marks.sapo,
                section: url
                    .as_deref()
                    .and_then(section_of)
                    .or_else(|| section.map(str::to_owned)),
                url_date: url.as_deref().and_then(date_in_url),
                url,
                entry,
            }
        })
        .collect()
}

/// All that could name an entry.
struct Marks {
    /// The address as given.
    address: Option<String>,
    /// Its canonical form, unless it names a whole site.
    url: Option<String>,
    guid: Option<Guid>,
    /// Host and number.
    cms: Option<String>,
    /// Hash of title and text, of a long text that has no number.
    text: Option<String>,
    /// Hash of everything, for entries that have nothing else.
    whole: String,
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
        let guid_address = entry
            .guid
            .as_deref()
            .filter(|guid| canonical(guid).is_some());
        let address = entry
            .link
            .as_deref()
            .filter(|link| canonical(link).is_some())
            .or(guid_address)
            .map(str::to_owned);
        let url = address
            .as_deref()
            .and_then(|address| canonical_in(source, address))
            .filter(|url| names_a_page(url));
        let summary = plain(entry.summary.as_deref().unwrap_or_default());
        let content = plain(entry.content.as_deref().unwrap_or_default());
        let title = squeeze(&entry.title);
        let cms = address.as_deref().and_then(cms_number);
        let long = summary.chars().count() + content.chars().count() >= TEXT_MIN;
        Self {
            // Two numbers of the paper's own are two articles, though they print the same words: copies, not one.
            text: (long && !title.is_empty() && cms.is_none())
                .then(|| digest(&[&title, &summary, &content])),
            whole: digest(&[
                &title,
                &summary,
                &content,
                entry.raw_date.as_deref().unwrap_or_default(),
                entry.enclosures.first().map_or("", String::as_str),
            ]),
            cms,
            guid: entry
                .guid
                .as_deref()
                .and_then(|guid| Guid::of(source, guid)),
            sapo: sapo(&summary, entry.content.as_deref().unwrap_or_default()),
            address,
            url,
            title,
        }
    }

    /// The item's name within its feed. The address first: some feeds give their items new ids at every request.
    fn entry_key(&self, url_is_alone: bool) -> String {
        match (&self.url, &self.guid) {
            (Some(url), _) if url_is_alone => format!("u:{url}"),
            (Some(url), Some(guid)) => format!("u:{url}\ng:{}", guid.as_str()),
            (Some(url), None) => format!("u:{url}\nt:{}", self.title),
            (None, Some(guid)) => format!("g:{}", guid.as_str()),
            (None, None) => format!("e:{}", self.whole),
        }
    }

    /// Strongest first; never empty.
    fn article_keys(&self, source: &Source) -> Vec<ArticleKey> {
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
            keys.push(format!("entry:{paper}:{}", self.whole));
        }
        keys.into_iter().map(ArticleKey).collect()
    }
}

impl Guid {
    fn of(source: &Source, raw: &str) -> Option<Self> {
        let id = squeeze(raw);
        if id.is_empty() {
            return None;
        }
        if let Some(address) = canonical_in(source, &id) {
            // A home page or section front as everybody's id says nothing.
            return names_a_page(&address).then_some(Self::Address(address));
        }
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
    let mut headlines: HashMap<String, HashSet<String>> = HashMap::new();
    for m in marks.iter() {
        if let Some(url) = &m.url {
            headlines
                .entry(url.clone())
                .or_default()
                .insert(m.title.clone());
        }
    }
    for m in marks.iter_mut() {
        let list = |url: &String| {
            headlines
                .get(url)
                .is_some_and(|h| h.len() >= HEADLINES_PER_URL)
        };
        if m.url.as_ref().is_some_and(list) {
            m.url = None;
            m.cms = None;
        }
    }
    let guids = count(marks.iter().filter_map(|m| m.guid.clone()));
    let numbers = sharers(marks, |m| m.cms.clone());
    let texts = sharers(marks, |m| m.text.clone());
    for m in marks.iter_mut() {
        m.guid = m.guid.take().filter(|guid| guids.get(guid) == Some(&1));
        m.cms = m
            .cms
            .take()
            .filter(|cms| numbers.get(cms).is_some_and(|urls| urls.len() == 1));
        m.text = m
            .text
            .take()
            .filter(|text| texts.get(text).is_some_and(|urls| urls.len() == 1));
    }
}

/// For each value of `of`, the different addresses it occurs under.
fn sharers(
    marks: &[Marks],
    of: impl Fn(&Marks) -> Option<String>,
) -> HashMap<String, HashSet<Option<String>>> {
    let mut found: HashMap<String, HashSet<Option<String>>> = HashMap::new();
    for m in marks {
        if let Some(value) = of(m) {
            found.entry(value).or_default().insert(m.url.clone());
        }
    }
    found
}

fn count<T: std::hash::Hash + Eq>(values: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// Host and number of an address whose last part ends in the number that the paper's CMS gave: `-4846612.html`,
/// `-post578873.html`, `-d1451255.html`, `188260307071033787.chn`. The host stays, since merged papers bring
/// two numberings under one name. `None` for dates, round numbers and what is too short to be sure.
fn cms_number(address: &str) -> Option<String> {
    let host = canonical_host(address)?;
    let url = canonical(address)?;
    let path = url.split('?').next()?;
    let last = path.rsplit('/').next()?;
    let stem = last.split('.').next().filter(|_| path.contains('/'))?;
    let (start, number) = digit_runs(stem).into_iter().next_back()?;
    let at_end = start + number.len() == stem.len();
    let label = stem[..start].rsplit(['-', '_']).next().unwrap_or_default();
    // `-post578873`, `-578873` and `578873`, but not `-quoclo12345`, which counts roads.
    let shaped = CMS_LABELS.contains(&label);
    let sure = number.len() >= CMS_DIGITS_MIN && !number.ends_with("000") && !is_date(number);
    (at_end && shaped && sure).then(|| format!("{host}:{number}"))
}

/// `20261122` or `22112026`: every article of the day may end in it.
fn is_date(number: &str) -> bool {
    number.len() == 8
        && (day(&number[..4], &number[4..6], &number[6..]).is_some()
            || day(&number[4..], &number[2..4], &number[..2]).is_some())
}

/// The section that stands in the address: its last directory with a name.
pub fn section_of(address: &str) -> Option<String> {
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
    let canonical = canonical(address)?;
    let path = canonical.split('?').next()?;
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
fn sapo(summary: &str, content: &str) -> Option<String> {
    let whole = if summary.is_empty() {
        let mut paragraphs = content.split("</p>").take(PARAGRAPHS_MAX).map(plain);
        paragraphs
            .find(|text| text.chars().count() >= PARAGRAPH_MIN)
            .unwrap_or_else(|| plain(content))
    } else {
        summary.to_owned()
    };
    let cut = match whole.char_indices().nth(SAPO_MAX) {
        None => whole,
        Some((end, _)) => {
            let end = whole[..end].rfind(' ').unwrap_or(end);
            format!("{}…", whole[..end].trim_end())
        }
    };
    (!cut.is_empty()).then_some(cut)
}

/// NFC, white space as single blanks.
fn squeeze(text: &str) -> String {
    let text: String = text.nfc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
