//! Digests, editions and deliveries. An [`Edition`] is frozen when composed: everything that any rendering
//! (mail, text, page, JSON) prints is in it, so that it can be rendered again, the same.

use super::{ArticleId, DeliveryId, DigestName, EditionId, Figure, Ingest};
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

/// The version of the frozen form; written into every edition.
pub const EDITION_FORMAT: u32 = 1;

/// The digest that the admin's mails belong to: same ledger, same outbox; no digest of the config has its name.
pub const ADMIN_DIGEST: &str = "quan-tri";

/// Which articles an edition draws from: those whose [`Ingest`] lies in `(after, upto]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The watermark of the edition before.
    pub after: Ingest,
    /// The new watermark.
    pub upto: Ingest,
    /// The hours it covers, as printed.
    pub covers: Span,
}

/// A span of time, half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// The instant after its last.
    pub to: Timestamp,
}

/// One issue of a digest, frozen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// [`EDITION_FORMAT`] of the program that composed it.
    pub format: u32,
    /// Whose.
    pub digest: DigestName,
    /// The heading: "Điểm báo xây dựng Đảng".
    pub title: String,
    /// The running number.
    pub number: u32,
    /// The civil date and time it was due for, `YYYY-MM-DDTHH:MM`: with the digest, its identity.
    pub slot: String,
    /// Its date.
    pub date: civil::Date,
    /// The zone in which times are printed.
    pub time_zone: String,
    /// What it draws from.
    pub window: Window,
    /// When it was composed.
    pub composed_at: Timestamp,
    /// The counts that stand in subject, header and text.
    pub counts: Counts,
    /// All stories, in the order of the mail: the lead ones first.
    pub stories: Vec<StoryView>,
    /// The stories that are not lead, by topic: indexes into `stories`.
    pub sections: Vec<TopicSection>,
    /// Articles of level 1: title, paper, link.
    pub related: Vec<ArticleView>,
    /// Copies of what an earlier edition had: listed, told no second time.
    #[serde(default)]
    pub reprints: Vec<Reprint>,
    /// What became of articles that an earlier edition had: "Đính chính, gỡ bài".
    #[serde(default)]
    pub corrections: Vec<Correction>,
    /// What could be seen and what could not.
    pub coverage: Coverage,
    /// Articles per edition day, oldest first, this edition's last.
    pub week: Vec<DayCount>,
    /// Whom to ask; a mail address.
    pub contact: Option<String>,
    /// Of its headings.
    #[serde(default)]
    pub language: Language,
}

/// The language of an edition's headings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English, for readers from abroad; what the papers wrote stays Vietnamese.
    En,
}

/// Counts of an edition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Articles in `stories`, copies included.
    pub articles: u32,
    /// Stories.
    pub stories: u32,
    /// Provinces with a story.
    pub provinces: u32,
    /// Sources that could not be read.
    pub failing: u32,
}

/// Articles (and their copies) on one event, as printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryView {
    /// The headline of the lead copy.
    pub title: String,
    /// Whether it stands among the lead stories.
    pub lead: bool,
    /// Keys of its topics, strongest first.
    pub topics: Vec<String>,
    /// Names of its provinces.
    pub provinces: Vec<String>,
    /// The lead copy first, then by rank of the paper.
    pub articles: Vec<ArticleView>,
    /// Sentences, verbatim, with the address they stand at.
    pub summary: Vec<Quote>,
    /// Figures of the story.
    pub figures: Vec<FigureView>,
    /// Number of the latest earlier edition that told of the same event before; `None` where it is new.
    #[serde(default)]
    pub continues: Option<u32>,
    /// Figures on which its papers differ.
    #[serde(default)]
    pub discords: Vec<Discord>,
    /// Papers that carry it; those of one publisher count once. 0 in editions of old.
    #[serde(default)]
    pub papers: u32,
}

/// One thing for which the papers of a story give different figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discord {
    /// What is counted: "đảng viên được kết nạp".
    pub what: String,
    /// What each paper says, at least two, in the order of the story's papers.
    pub claims: Vec<FigureView>,
}

/// An article as printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleView {
    /// Its row, for `explain`.
    pub id: ArticleId,
    /// As printed by the paper.
    pub title: String,
    /// Where it is.
    pub url: String,
    /// The paper's name.
    pub source: String,
    /// The province's name; `None` for the central press.
    pub province: Option<String>,
    /// By its own word.
    pub published: Option<Timestamp>,
    /// A near-duplicate of the story's first article.
    pub copy: bool,
    /// Published over an hour before the window but ingested in it.
    pub late: bool,
    /// Its headline was retouched since we first saw it.
    pub retitled: bool,
}

/// A copy of an article that an earlier edition had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reprint {
    /// The copy.
    pub article: ArticleView,
    /// Number of the edition that had the report first.
    pub number: u32,
}

/// What became of an article that an earlier edition had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// The article as it is now; of a notice, the notice.
    pub article: ArticleView,
    /// Number of the edition that had it.
    pub number: u32,
    /// The headline that was mailed.
    pub mailed_title: String,
    /// What happened.
    pub change: Change,
    /// Of changed figures: the sentence that was mailed, and as it stands now.
    #[serde(default)]
    pub reworded: Option<Reworded>,
}

/// A sentence whose figures were changed; both verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reworded {
    /// As mailed.
    pub was: String,
    /// As it stands in the article now.
    pub now: String,
}

/// What can happen to an article after it was mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Its paper printed a correction that names it.
    Corrected,
    /// Its paper took it down.
    Withdrawn,
    /// A figure in a sentence that was mailed is another now.
    Refigured,
    /// Its headline was changed.
    Retitled,
}

/// A sentence copied from a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Verbatim.
    pub text: String,
    /// The article it stands in.
    pub url: String,
}

/// A figure with the article it stands in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureView {
    /// The figure.
    #[serde(flatten)]
    pub figure: Figure,
    /// The article it stands in.
    pub url: String,
    /// The place it speaks of, as printed.
    pub place: Option<String>,
}

/// Stories of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicSection {
    /// The topic's key.
    pub topic: String,
    /// Its heading.
    pub name: String,
    /// Indexes into [`Edition::stories`].
    pub stories: Vec<usize>,
}

/// What an edition could see, and what it could not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Sources of which at least one feed was read in the window.
    pub sources_ok: u32,
    /// Sources that could not be read.
    pub sources_failing: Vec<FailingSource>,
    /// Provinces with news, with the number of stories, most first.
    pub provinces_with: Vec<ProvinceCount>,
    /// Names of provinces whose sources were read and had nothing.
    pub provinces_without: Vec<String>,
    /// Names of provinces all of whose sources failed: whether they had news is not known.
    #[serde(default)]
    pub provinces_unread: Vec<String>,
    /// Names of provinces for which no source is configured.
    #[serde(default)]
    pub provinces_unwatched: Vec<String>,
    /// Articles that came late.
    pub late: u32,
}

/// A source that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingSource {
    /// The paper's name.
    pub source: String,
    /// Its province.
    pub province: Option<String>,
    /// Why, in Vietnamese.
    pub reason: String,
    /// Since when it fails.
    pub since: Option<Timestamp>,
    /// When it was last read; `None` if never.
    pub last_ok: Option<Timestamp>,
}

/// How many stories a province has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvinceCount {
    /// The province's name.
    pub name: String,
    /// Stories.
    pub stories: u32,
}

/// A bar of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The day.
    pub date: civil::Date,
    /// Articles.
    pub articles: u32,
}

/// An edition in the forms that are sent and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, no control characters.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part, 72 columns, LF.
    pub text: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Not tried yet.
    Queued,
    /// A try is under way; the final dot was not sent.
    Sending,
    /// The final dot may have been sent: the server may have it.
    Dot,
    /// The server has it.
    Sent,
    /// To be tried again.
    Deferred,
    /// Refused for good, or given up, or cancelled.
    Failed,
}

impl DeliveryState {
    /// The stable word, as stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Dot => "dot",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
        }
    }

    /// For staff and admins.
    pub fn in_vietnamese(self) -> &'static str {
        match self {
            Self::Queued => "chờ gửi",
            Self::Sending => "đang gửi",
            Self::Dot => "chờ máy chủ xác nhận",
            Self::Sent => "đã gửi",
            Self::Deferred => "hoãn, sẽ gửi lại",
            Self::Failed => "không gửi được",
        }
    }

    /// The state of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Queued,
            Self::Sending,
            Self::Dot,
            Self::Sent,
            Self::Deferred,
            Self::Failed,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// One edition to one recipient, claimed from the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its row.
    pub id: DeliveryId,
    /// What it carries.
    pub edition: EditionId,
    /// The recipient's address, without a name.
    pub recipient: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was put into the outbox.
    pub queued_at: Timestamp,
    /// The same at every try.
    pub message_id: String,
    /// The exact bytes to send, CRLF line ends, before dot-stuffing.
    pub message: Vec<u8>,
}

/// What a try to deliver came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The server took it: 250 after the dot.
    Accepted {
        /// Its words.
        reply: String,
    },
    /// Not now: 4xx, no connection, TLS or AUTH trouble.
    Later {
        /// What was said or happened.
        reply: String,
        /// Whether the trouble is the server's as a whole: then no other recipient need be tried now.
        whole_server: bool,
    },
    /// Never: 5xx for this recipient or message.
    Refused {
        /// Its words.
        reply: String,
    },
    /// The dot was sent and no answer came: it may have it.
    Unsure {
        /// What happened.
        reply: String,
    },
}

impl SendOutcome {
    /// What the server said, or what happened.
    pub fn words(&self) -> &str {
        match self {
            Self::Accepted { reply }
            | Self::Later { reply, .. }
            | Self::Refused { reply }
            | Self::Unsure { reply } => reply,
        }
    }
}
