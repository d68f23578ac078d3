//! Material → one frozen [`Edition`]. Every count is made here, once, from what is printed.

use super::{quote, safe, select};
use crate::model::{
    Article, ArticleId, ArticleView, Change, Correction, Counts, Coverage, DayCount, DigestName,
    Discord, EDITION_FORMAT, Edition, FailingSource, Figure, FigureView, Language, ProvinceCount,
    Quote, Reprint, Reworded, SourceKey, StoryView, TopicKey, TopicSection, Window,
};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use select::{Candidate, Selection};
use std::collections::{BTreeMap, BTreeSet};

/// Published longer than this before the window: came late.
const LATE: SignedDuration = SignedDuration::from_hours(1);
/// Bars of the week, the edition's own day included.
const WEEK: usize = 7;

/// What the admin decided about a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestSettings {
    /// Its name in the config.
    pub name: DigestName,
    /// The heading: "Điểm báo xây dựng Đảng".
    pub title: String,
    /// Name of the office's own province: stands first where papers weigh the same.
    pub home_province: Option<String>,
    /// Lead stories, 3 to 5 by convention; at least 1, at most 5.
    pub leads: usize,
    /// Articles from this level on are stories; level 1 below it is only listed.
    pub min_level: u8,
    /// Numbering starts here, or goes on if it is already past it.
    pub first_number: u32,
    /// Stories printed with all their papers, lead ones included; the rest follows as a plain list.
    pub listed: usize,
    /// Of the headings.
    pub language: Language,
}

/// A source as the mail prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// "Báo An Giang".
    pub name: String,
    /// The province's name; `None` for the central press.
    pub province: Option<String>,
    /// Smaller stands first.
    pub rank: u16,
    /// Which house it comes from: papers of one count once.
    pub publisher: SourceKey,
}

/// A topic with its heading, in the order of the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicHeading {
    /// Its key in `topics.toml`.
    pub key: TopicKey,
    /// "Kiểm tra, giám sát, kỷ luật".
    pub name: String,
}

/// A source none of whose feeds could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Which.
    pub source: SourceKey,
    /// How, in Vietnamese.
    pub reason: &'static str,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it was last read.
    pub last_ok: Option<Timestamp>,
}

/// Articles on one event: groups of copies, each with its lead copy first; the story's own article leads the first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoryGroup {
    /// For instance what the analysis found to be copies: one group a story.
    pub copies: Vec<Vec<ArticleId>>,
    /// Sentences that tell the event, in reading order; where empty, the story's own article speaks by its beginning.
    pub summary: Vec<Said>,
    /// Its figures, the most telling first.
    pub figures: Vec<Told>,
    /// Number of the digest's latest edition that told of the same event before.
    pub continues: Option<u32>,
    /// Figures on which its articles differ.
    pub discords: Vec<Differing>,
}

/// One thing for which articles of a story give different figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Differing {
    /// What is counted: "đảng viên được kết nạp".
    pub what: String,
    /// What each article says; fewer than two that can be printed are none.
    pub claims: Vec<Told>,
}

/// An article of an earlier edition of the digest that is not what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// As it is now; where its paper printed a correction, that notice.
    pub article: Article,
    /// Number of the edition that had it.
    pub number: u32,
    /// The headline that was mailed.
    pub mailed_title: String,
    /// What happened.
    pub change: Change,
    /// Of changed figures: the sentence, before and now.
    pub reworded: Option<Reworded>,
}

/// A sentence copied from an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The article it stands in.
    pub article: ArticleId,
    /// Verbatim.
    pub text: String,
}

/// A figure copied from an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The article it stands in.
    pub article: ArticleId,
    /// The figure.
    pub figure: Figure,
    /// The place it speaks of.
    pub place: Option<String>,
}

/// Everything an edition is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Whose.
    pub digest: DigestSettings,
    /// For which slot, `YYYY-MM-DDTHH:MM`.
    pub slot: String,
    /// Cut on ingest numbers by the caller; `articles` are those within.
    pub window: Window,
    /// Name of the zone in which times are printed.
    pub time_zone: String,
    /// Now.
    pub composed_at: Timestamp,
    /// The number of the digest's last edition.
    pub last_number: Option<u32>,
    /// The articles of the window with their verdicts, in any order; level 0 and backfill are left out here.
    pub articles: Vec<Article>,
    /// Which of them tell of one event; an article in none stands for itself.
    pub stories: Vec<StoryGroup>,
    /// Which of them print again what an earlier edition of this digest had, and the number of that edition.
    pub reprints: BTreeMap<ArticleId, u32>,
    /// What became of articles of earlier editions; a notice among `articles` is no story of its own.
    pub corrections: Vec<Corrected>,
    /// All configured sources.
    pub sources: BTreeMap<SourceKey, SourceInfo>,
    /// Topics in the order of the mail.
    pub topics: Vec<TopicHeading>,
    /// Names of all provinces in the order of `provinces.toml`.
    pub provinces: Vec<String>,
    /// Sources of which at least one feed was read in the window.
    pub sources_ok: u32,
    /// Those that could not be read.
    pub failing: Vec<Failing>,
    /// Articles per edition day before this one.
    pub week: Vec<DayCount>,
    /// Whom to ask; a mail address.
    pub contact: Option<String>,
}

impl Material {
    pub(super) fn rank(&self, source: &SourceKey) -> u16 {
        self.sources.get(source).map_or(u16::MAX, |s| s.rank)
    }

    pub(super) fn province(&self, source: &SourceKey) -> Option<&str> {
        self.sources.get(source)?.province.as_deref()
    }

    /// The house of a paper; itself where none is known.
    pub(super) fn publisher<'s>(&'s self, source: &'s SourceKey) -> &'s SourceKey {
        self.sources.get(source).map_or(source, |s| &s.publisher)
    }

    fn name(&self, source: &SourceKey) -> String {
        safe::line(
            self.sources
                .get(source)
                .map_or(source.as_str(), |s| &s.name),
        )
    }
}

/// The edition of this material. The same for the same articles in any order.
pub fn compose(material: &Material) -> Edition {
    let selection = select::select(material);
    let related = related(&selection, material);
    let reprints = reprints(&selection, material);
    let (stories, sections) = arrange(selection, material);
    let coverage = coverage(&stories, &related, material);
    let counts = Counts {
        articles: count(stories.iter().map(|s| s.articles.len()).sum()),
        stories: count(stories.len()),
        provinces: count(coverage.provinces_with.len()),
        failing: count(coverage.sources_failing.len()),
    };
    let date = date(material);
    let last = material.last_number.map_or(0, |n| n.saturating_add(1));
    Edition {
        format: EDITION_FORMAT,
        digest: material.digest.name.clone(),
        title: safe::clip(&safe::line(&material.digest.title), 60),
        number: last.max(material.digest.first_number).max(1),
        slot: material.slot.clone(),
        date,
        time_zone: material.time_zone.clone(),
        window: material.window.clone(),
        composed_at: material.composed_at,
        week: week(&material.week, date, counts.articles),
        counts,
        stories,
        sections,
        related,
        reprints,
        corrections: corrections(material),
        coverage,
        contact: material.contact.as_deref().map(safe::line),
        language: material.digest.language,
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The slot's date; the day of composing where the slot is not readable.
fn date(material: &Material) -> civil::Date {
    material
        .slot
        .get(..10)
        .and_then(|day| day.parse().ok())
        .unwrap_or_else(|| {
            let zone = TimeZone::get(&material.time_zone).unwrap_or(TimeZone::UTC);
            material.composed_at.to_zoned(zone).date()
        })
}

/// Stories in the order of the mail, and which of them stand under which topic.
fn arrange(selection: Selection<'_>, material: &Material) -> (Vec<StoryView>, Vec<TopicSection>) {
    let mut stories: Vec<StoryView> = selection
        .leads
        .iter()
        .map(|c| story(c, true, material))
        .collect();
    let mut sections = Vec::new();
    for (topic, candidates) in selection.sections {
        let first = stories.len();
        stories.extend(candidates.iter().map(|c| story(c, false, material)));
        let heading = topic
            .as_ref()
            .and_then(|t| material.topics.iter().find(|known| known.key == *t));
        sections.push(TopicSection {
            topic: topic
                .as_ref()
                .map_or_else(|| "khac".to_owned(), |t| t.0.clone()),
            name: heading.map_or_else(
                || "Việc khác về xây dựng Đảng".to_owned(),
                |t| safe::line(&t.name),
            ),
            stories: (first..stories.len()).collect(),
        });
    }
    stories.extend(selection.others.iter().map(|c| story(c, false, material)));
    (stories, sections)
}

fn story(candidate: &Candidate<'_>, lead: bool, material: &Material) -> StoryView {
    let articles = views(candidate, material);
    let mut provinces: Vec<String> = Vec::new();
    for province in articles.iter().filter_map(|a| a.province.as_ref()) {
        if !provinces.contains(province) {
            provinces.push(province.clone());
        }
    }
    StoryView {
        title: articles
            .first()
            .map(|a| a.title.clone())
            .unwrap_or_default(),
        lead,
        topics: candidate.topics.iter().map(|t| t.0.clone()).collect(),
        provinces,
        summary: summary(candidate),
        figures: figures(candidate),
        continues: candidate.group.and_then(|group| group.continues),
        discords: discords(candidate),
        papers: count(candidate.papers),
        articles,
    }
}

/// The sentences that the analysis chose, as far as they can be shown verbatim; else the beginning of the story's own
/// article.
fn summary(candidate: &Candidate<'_>) -> Vec<Quote> {
    let said = candidate.group.iter().flat_map(|group| &group.summary);
    let chosen: Vec<Quote> = said
        .filter_map(|said| {
            Some(Quote {
                text: safe::quote(&said.text)?,
                url: address(candidate, said.article)?,
            })
        })
        .collect();
    if chosen.is_empty() {
        let own = candidate.articles.first();
        return own.map(|(a, _)| quote::quotes(a)).unwrap_or_default();
    }
    chosen
}

fn figures(candidate: &Candidate<'_>) -> Vec<FigureView> {
    let told = candidate.group.iter().flat_map(|group| &group.figures);
    told.filter_map(|told| figure(candidate, told)).collect()
}

/// A figure as it may be printed; `None` if it cannot be shown verbatim, or stands in no article of the story.
fn figure(candidate: &Candidate<'_>, told: &Told) -> Option<FigureView> {
    Some(FigureView {
        figure: Figure {
            text: safe::quote(&told.figure.text)?,
            sentence: safe::quote(&told.figure.sentence)?,
            ..told.figure.clone()
        },
        url: address(candidate, told.article)?,
        place: told.place.as_deref().map(safe::line),
    })
}

fn discords(candidate: &Candidate<'_>) -> Vec<Discord> {
    let differing = candidate.group.iter().flat_map(|group| &group.discords);
    differing
        .map(|one| Discord {
            what: safe::line(&one.what),
            claims: one
                .claims
                .iter()
                .filter_map(|told| figure(candidate, told))
                .collect(),
        })
        .filter(|discord| discord.claims.len() > 1)
        .collect()
}

/// The address of one of the story's articles; `None` if it is not among those printed.
fn address(candidate: &Candidate<'_>, id: ArticleId) -> Option<String> {
    let (article, _) = candidate.articles.iter().find(|(a, _)| a.id == id)?;
    Some(safe::link(&article.url).unwrap_or_default())
}

fn views(candidate: &Candidate<'_>, material: &Material) -> Vec<ArticleView> {
    candidate
        .articles
        .iter()
        .map(|&(article, copy)| view(article, copy, material))
        .collect()
}

fn view(article: &Article, copy: bool, material: &Material) -> ArticleView {
    let start = material.window.covers.from;
    ArticleView {
        id: article.id,
        title: safe::title(&article.title),
        url: safe::link(&article.url).unwrap_or_default(),
        source: material.name(&article.source),
        province: material.province(&article.source).map(safe::line),
        published: article.published,
        copy,
        late: article
            .published
            .is_some_and(|at| start.duration_since(at) > LATE),
        retitled: article
            .first_title
            .as_deref()
            .is_some_and(|first| safe::title(first) != safe::title(&article.title)),
    }
}

/// Borderline articles; copies follow their lead copy.
fn related(selection: &Selection<'_>, material: &Material) -> Vec<ArticleView> {
    selection
        .related
        .iter()
        .flat_map(|c| views(c, material))
        .collect()
}

fn reprints(selection: &Selection<'_>, material: &Material) -> Vec<Reprint> {
    let reprint = |&(article, number): &(&Article, u32)| Reprint {
        article: view(article, true, material),
        number,
    };
    selection.reprints.iter().map(reprint).collect()
}

/// The latest edition's first; of one edition what weighs most first.
fn corrections(material: &Material) -> Vec<Correction> {
    let mut corrections: Vec<&Corrected> = material.corrections.iter().collect();
    corrections.sort_by_key(|c| {
        (
            std::cmp::Reverse(c.number),
            c.change,
            material.rank(&c.article.source),
            c.article.id,
        )
    });
    corrections
        .into_iter()
        .map(|c| Correction {
            article: view(&c.article, false, material),
            number: c.number,
            mailed_title: safe::title(&c.mailed_title),
            change: c.change,
            reworded: c.reworded.clone(),
        })
        .collect()
}

fn coverage(stories: &[StoryView], related: &[ArticleView], material: &Material) -> Coverage {
    let failing: BTreeSet<&SourceKey> = material.failing.iter().map(|f| &f.source).collect();
    let mut watched: BTreeMap<String, bool> = BTreeMap::new();
    for (key, source) in &material.sources {
        if let Some(province) = &source.province {
            *watched.entry(safe::line(province)).or_default() |= !failing.contains(key);
        }
    }
    let provinces_with = provinces_with(stories, material);
    let silent: Vec<String> = material
        .provinces
        .iter()
        .map(|p| safe::line(p))
        .filter(|p| provinces_with.iter().all(|with| with.name != *p))
        .collect();
    let of_state = |state: Option<bool>| {
        silent
            .iter()
            .filter(|p| watched.get(*p).copied() == state)
            .cloned()
            .collect()
    };
    let articles = stories.iter().flat_map(|s| &s.articles).chain(related);
    Coverage {
        sources_ok: material.sources_ok,
        sources_failing: failing_sources(material),
        provinces_without: of_state(Some(true)),
        provinces_unread: of_state(Some(false)),
        provinces_unwatched: of_state(None),
        late: count(articles.filter(|a| a.late).count()),
        provinces_with,
    }
}

/// Provinces with stories: the office's own first, then by number, then in the configured order.
fn provinces_with(stories: &[StoryView], material: &Material) -> Vec<ProvinceCount> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for province in stories.iter().flat_map(|s| &s.provinces) {
        *counts.entry(province).or_default() += 1;
    }
    let home = material.digest.home_province.as_deref();
    let place = |name: &str| {
        material
            .provinces
            .iter()
            .position(|p| p == name)
            .unwrap_or(usize::MAX)
    };
    let mut with: Vec<ProvinceCount> = counts
        .into_iter()
        .map(|(name, stories)| ProvinceCount {
            name: name.to_owned(),
            stories,
        })
        .collect();
    with.sort_by_key(|p| {
        (
            home != Some(p.name.as_str()),
            u32::MAX - p.stories,
            place(&p.name),
        )
    });
    with
}

/// Failing sources by the order of their provinces, the central press first.
fn failing_sources(material: &Material) -> Vec<FailingSource> {
    let mut seen = BTreeSet::new();
    let mut failing: Vec<&Failing> = material
        .failing
        .iter()
        .filter(|f| seen.insert(&f.source))
        .collect();
    let place = |f: &Failing| {
        let province = material.province(&f.source);
        province.map(|name| {
            material
                .provinces
                .iter()
                .position(|p| p == name)
                .unwrap_or(usize::MAX)
        })
    };
    failing.sort_by_key(|f| (place(f), material.rank(&f.source), &f.source));
    failing
        .into_iter()
        .map(|f| FailingSource {
            source: material.name(&f.source),
            province: material.province(&f.source).map(safe::line),
            reason: f.reason.to_owned(),
            since: f.since,
            last_ok: f.last_ok,
        })
        .collect()
}

fn week(before: &[DayCount], date: civil::Date, articles: u32) -> Vec<DayCount> {
    let mut days: BTreeMap<civil::Date, u32> = before
        .iter()
        .filter(|d| d.date < date)
        .map(|d| (d.date, d.articles))
        .collect();
    while days.len() >= WEEK {
        days.pop_first();
    }
    days.insert(date, articles);
    days.into_iter()
        .map(|(date, articles)| DayCount { date, articles })
        .collect()
}
