//! What the templates see of an edition: words and numbers ready to print. The names here are a contract with the
//! admins who edit the templates; the layout is theirs, every decision is ours.

mod build;

use super::headings::Headings;
pub(super) use build::view;
use serde::Serialize;

/// How much of an edition is printed; the rest is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// Papers named for one story.
    pub papers: usize,
    /// Stories listed by topic.
    pub listed: usize,
    /// Entries of "Các tin khác" and "Tin liên quan" together.
    pub tail: usize,
    /// Entries of these two left out before them: those of the pages before.
    pub skip: usize,
    /// Failing sources named.
    pub failing: usize,
    /// Copies named for one earlier edition.
    pub reprints: usize,
    /// Corrections of earlier editions.
    pub corrections: usize,
}

impl Limits {
    pub const NONE: Self = Self {
        papers: usize::MAX,
        listed: usize::MAX,
        tail: usize::MAX,
        skip: 0,
        failing: usize::MAX,
        reprints: usize::MAX,
        corrections: usize::MAX,
    };
}

#[derive(Debug, Serialize)]
pub(super) struct View {
    /// The headings, in the digest's language.
    pub h: &'static Headings,
    pub title: String,
    pub number: String,
    pub date_long: String,
    pub date_short: String,
    pub preheader: String,
    pub covers_from: String,
    pub covers_to: String,
    /// One line of what the day was.
    pub day: String,
    /// Nothing to report.
    pub empty: bool,
    /// No source could be read.
    pub blind: bool,
    pub counts: Vec<Count>,
    pub leads: Vec<Lead>,
    pub figures: Vec<FigureLine>,
    pub sections: Vec<Section>,
    pub others: Tail,
    pub related: Tail,
    pub reprints: Vec<Earlier>,
    pub corrections: Vec<CorrectionLine>,
    pub corrections_hidden: usize,
    pub provinces_with: Vec<Place>,
    pub provinces_without: Vec<String>,
    pub provinces_unread: Vec<String>,
    pub provinces_unwatched: Vec<String>,
    pub sources_ok: String,
    pub failing: Vec<Trouble>,
    pub failing_total: usize,
    pub failing_hidden: usize,
    pub late: u32,
    pub week: Vec<Bar>,
    pub made_at: String,
    /// What the office should know of this mail itself, such as a template that could not be used.
    pub note: Option<String>,
    pub contact: Option<String>,
    pub unsubscribe: Option<Unsubscribe>,
    pub web_url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub value: String,
    pub label: &'static str,
    pub alarm: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Lead {
    /// Its place in the edition, from 1.
    pub nth: usize,
    pub title: String,
    pub url: Option<String>,
    pub quotes: Vec<Quotation>,
    /// "5 báo đưa tin", "Một báo đưa tin".
    pub carried: String,
    /// "Tiếp theo số 287".
    pub continues: Option<String>,
    pub paper: Paper,
    pub others: Vec<Paper>,
    pub hidden: usize,
    pub discords: Vec<DiscordLine>,
}

/// Sentences of one paper.
#[derive(Debug, Serialize)]
pub(super) struct Quotation {
    /// With their quotation marks.
    pub sentences: Vec<String>,
    /// `None` where all are of the paper that the story names first.
    pub paper: Option<String>,
    pub url: Option<String>,
}

/// What papers of one story count differently.
#[derive(Debug, Serialize)]
pub(super) struct DiscordLine {
    pub what: String,
    pub claims: Vec<Claim>,
}

#[derive(Debug, Serialize)]
pub(super) struct Claim {
    pub text: String,
    pub paper: Option<String>,
    pub url: Option<String>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Paper {
    pub name: String,
    pub url: Option<String>,
    /// "05:04 ngày 13/10"; `None` where the paper gives no time.
    pub time: Option<String>,
    /// "tin đến muộn", "đã sửa tiêu đề".
    pub marks: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub name: String,
    pub stories: Vec<Story>,
    pub total: usize,
    pub hidden: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Story {
    /// Its place in the edition, from 1; `None` for what is no story of it.
    pub nth: Option<usize>,
    pub title: String,
    pub url: Option<String>,
    pub papers: Vec<Paper>,
    pub hidden: usize,
    /// "một báo đưa", "tiếp theo số 287".
    pub notes: Vec<String>,
    pub discords: Vec<DiscordLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct Tail {
    pub total: usize,
    pub stories: Vec<Story>,
    pub hidden: usize,
}

/// Papers that print again what an earlier edition had.
#[derive(Debug, Serialize)]
pub(super) struct Earlier {
    pub number: u32,
    pub papers: Vec<Paper>,
    pub hidden: usize,
}

/// What became of an article that an earlier edition had.
#[derive(Debug, Serialize)]
pub(super) struct CorrectionLine {
    /// "Sửa tiêu đề", "Sửa số liệu", "Gỡ bài", "Đính chính".
    pub what: &'static str,
    pub number: u32,
    pub paper: String,
    pub mailed_title: String,
    /// The headline now, or the notice's; `None` where there is nothing to read any more, or the same headline as before.
    pub title: Option<String>,
    /// Of changed figures: the sentence as mailed…
    pub was: Option<String>,
    /// …and as it stands now.
    pub now: Option<String>,
    pub url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct FigureLine {
    pub text: String,
    pub label: String,
    pub place: Option<String>,
    pub source: Option<String>,
    pub url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Place {
    pub name: String,
    pub stories: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Trouble {
    pub source: String,
    pub reason: String,
    pub when: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Bar {
    pub label: String,
    pub articles: String,
    /// Of the longest bar.
    pub percent: u32,
    /// This edition's.
    pub now: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Unsubscribe {
    pub url: String,
    /// What a person reads: the mail address, or the address of the page.
    pub shown: String,
    pub by_mail: bool,
}
