//! Entries as feeds serve them, and articles as we keep them.

use super::{ArticleId, Ingest, SourceKey, TopicKey};
use jiff::{SignedDuration, Timestamp, civil};
use serde::{Deserialize, Serialize};

/// One item as a feed served it: cleaned (NFC, no control characters) but not interpreted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// guid / atom:id / rdf:about / JSON id, trimmed; `None` where the feed has none.
    pub guid: Option<String>,
    /// Absolute address of the article.
    pub link: Option<String>,
    /// Plain text: no markup, entities decoded. May be empty.
    pub title: String,
    /// Description or summary, an HTML fragment or plain text.
    pub summary: Option<String>,
    /// content:encoded, atom:content and the like.
    pub content: Option<String>,
    /// When it was published, by its own word; `None` when missing or unreadable, never "now". It may lie ahead of its
    /// arrival: see [`credible`].
    pub published: Option<Timestamp>,
    /// When it was last changed, by its own word.
    pub updated: Option<Timestamp>,
    /// The date as printed in the feed.
    pub raw_date: Option<String>,
    /// Names of authors.
    pub authors: Vec<String>,
    /// Category terms.
    pub categories: Vec<String>,
    /// Addresses of enclosures.
    pub enclosures: Vec<String>,
}

/// A date further ahead of its arrival is a typing error, not an announcement.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How far a date that arrived then can be believed: nothing was published after it was seen, so one that lies ahead is
/// the arrival, and one that lies over a day ahead is no date at all.
pub fn credible(at: Option<Timestamp>, arrived: Timestamp) -> Option<Timestamp> {
    at.filter(|at| at.duration_since(arrived) <= AHEAD_MAX)
        .map(|at| at.min(arrived))
}

/// One way to recognise an article again. Two entries that share a key are one article.
///
/// The text starts with its kind: `url:` a canonical address, `guid:` a source's own id, `feed-guid:` an id too short
/// to mean anything outside of its feed (the store scopes it to the feed), `cms:` the number a newspaper's CMS puts
/// into the address, `text:` title and text of one source, `entry:` all there is of an item that has none of these.
/// Kept when bodies are purged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArticleKey(pub String);

/// An entry with what identifies it, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifiedEntry {
    /// Names this item within its feed from poll to poll.
    pub entry_key: String,
    /// Names the article behind it, strongest first; never empty.
    pub article_keys: Vec<ArticleKey>,
    /// The address to give to people; `None` where the feed gave none that is http(s).
    pub url: Option<String>,
    /// The sapo as plain text, from summary or content.
    pub sapo: Option<String>,
    /// The section: from the address's slug, else the feed's section.
    pub section: Option<String>,
    /// The day that stands in its address: all that is known of when an undated item was published.
    pub url_date: Option<civil::Date>,
    /// What makes it another one than before, as [`Self::hashed`] computes it. Not `updated`, guid, nor what tracking adds to
    /// the link: some feeds give these anew at every request, and each would be a revision for ever.
    pub content: [u8; 16],
    /// The item itself.
    pub entry: Entry,
}

impl IdentifiedEntry {
    /// The same with `content` in line with what it says.
    pub fn hashed(mut self) -> Self {
        let entry = &self.entry;
        let texts = [
            Some(entry.title.as_str()),
            self.url.as_deref(),
            entry.summary.as_deref(),
            entry.content.as_deref(),
            entry.raw_date.as_deref(),
        ]
        .map(Option::unwrap_or_default);
        // One long text is hashed several times as fast as its parts.
        let bytes = texts.iter().map(|text| 8 + text.len()).sum();
        let mut said = Vec::with_capacity(bytes);
        for text in texts {
            said.extend_from_slice(&(text.len() as u64).to_le_bytes());
            said.extend_from_slice(text.as_bytes());
        }
        self.content
            .copy_from_slice(&blake3::hash(&said).as_bytes()[..16]);
        self
    }
}

/// The deduplicated piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Its row.
    pub id: ArticleId,
    /// The paper that carries it.
    pub source: SourceKey,
    /// The address for people.
    pub url: String,
    /// The headline as first printed or last retouched.
    pub title: String,
    /// The headline as first seen, where it was retouched since.
    pub first_title: Option<String>,
    /// The lead paragraph.
    pub sapo: Option<String>,
    /// Paragraphs of the page joined by a blank line; `None` until read, or where it could not be.
    pub body: Option<String>,
    /// The signature.
    pub author: Option<String>,
    /// Section slug or name.
    pub section: Option<String>,
    /// By its own word, never after `seen`; `None` where it gives none or an incredible one.
    pub published: Option<Timestamp>,
    /// When we first saw it.
    pub seen: Timestamp,
    /// Its number at the desk.
    pub ingest: Ingest,
    /// First seen too long after its own date: stored and searchable, in no edition.
    pub backfill: bool,
    /// What the last analysis said; `None` before the first.
    pub verdict: Option<Verdict>,
}

impl Article {
    /// An order of age that arrival has no part in, where papers give dates: by date, then by address.
    pub fn age(&self) -> (Timestamp, &str) {
        (self.published.unwrap_or(self.seen), &self.url)
    }

    /// The article as the analysis reads it.
    pub fn text(&self) -> ArticleText<'_> {
        ArticleText {
            title: &self.title,
            sapo: self.sapo.as_deref().unwrap_or(""),
            body: self.body.as_deref().unwrap_or(""),
            section: self.section.as_deref(),
            url: Some(&self.url),
        }
    }
}

/// What the analysis reads of an article.
#[derive(Debug, Clone, Copy, Default)]
pub struct ArticleText<'a> {
    /// The headline.
    pub title: &'a str,
    /// The lead; may be empty.
    pub sapo: &'a str,
    /// The paragraphs, joined by blank lines; may be empty.
    pub body: &'a str,
    /// Section slug or name, where known.
    pub section: Option<&'a str>,
    /// The address, where known.
    pub url: Option<&'a str>,
}

/// Which part of an article a hit stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The headline.
    Title,
    /// The lead.
    Sapo,
    /// The running text.
    Body,
    /// The section or the slug of the address.
    Section,
    /// No part of it: an admin's word.
    Mark,
}

/// A phrase found, with its weight in the verdict: a reason that a person can check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The phrase of `topics.toml`.
    pub phrase: String,
    /// The text as it stands in the article.
    pub found: String,
    /// The topic it speaks for; `None` for one that only speaks for or against relevance.
    pub topic: Option<TopicKey>,
    /// Where it stands.
    pub part: Part,
    /// Byte offset of `found` in that part.
    pub start: usize,
    /// What it added to the score; negative for a false friend.
    pub weight: f32,
    /// Why it was cancelled, where it was: it then weighs nothing.
    pub cancelled_by: Option<String>,
}

/// A number that the model weighed: which, and what it added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Its name in `src/analyse/topic/weights.tsv`.
    pub name: String,
    /// What it added to the level that was in question, in logits; negative where it spoke against.
    pub weight: f32,
}

/// A topic with its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicScore {
    /// Which.
    pub topic: TopicKey,
    /// Its chance, 0 to 1.
    pub score: f32,
}

/// What the analysis says of an article.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// 2 = the Party's own work is the subject; 1 = borderline; 0 = not.
    pub level: u8,
    /// The level to be expected: the two chances together, 0 to 2.
    pub score: f32,
    /// The chances, 0 to 1, of at least level 1 and of level 2; a level is reached from one half on.
    #[serde(default)]
    pub chances: [f32; 2],
    /// Its topics, strongest first; may be empty at level 0.
    pub topics: Vec<TopicScore>,
    /// The reasons, strongest first.
    pub hits: Vec<Hit>,
    /// What weighed most in the model, strongest first.
    #[serde(default)]
    pub factors: Vec<Factor>,
}

/// A number as printed, and what it counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// As printed: "11.819 đảng viên".
    pub text: String,
    /// The number: 11819.
    pub value: f64,
    /// What is counted: "đảng viên".
    pub unit: String,
    /// What was done to it, in the article's words: "kiểm tra".
    pub subject: Option<String>,
    /// The sentence it stands in, verbatim.
    pub sentence: String,
}

/// What a [`Name`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameKind {
    /// A person.
    Person,
    /// A body of the Party or the state.
    Body,
    /// A province or a city of its rank, by its name of today.
    Place,
    /// A resolution, directive, decision or the like.
    Document,
}

impl NameKind {
    /// The stable word, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Body => "body",
            Self::Place => "place",
            Self::Document => "document",
        }
    }

    /// The kind of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Person, Self::Body, Self::Place, Self::Document]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// Somebody or something that an article names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// What it names.
    pub kind: NameKind,
    /// The same for all spellings: folded ("le van nung", "nq 57"), of a place the key of the province ("an-giang").
    pub key: String,
    /// As printed where it stands first.
    pub shown: String,
    /// A person's positions as printed: "Phó Bí thư Thường trực Tỉnh ủy, Chủ tịch HĐND tỉnh".
    pub position: Option<String>,
}

/// The windows of a text by which its copies are found: made by the analysis, kept and looked up by the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NearKeys {
    /// Sorted, distinct; at most some hundreds. Empty where there is no text to compare.
    pub windows: Vec<u32>,
    /// Says which texts are left out where a window is in too many: the same for the same text.
    pub tag: u16,
}
