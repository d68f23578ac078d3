//! Fills a [`View`] from an edition: what is shown of it, in which words, and what is only counted.

use super::super::{
    RenderOptions,
    gist::{day, is_blind, paper_count, preheader},
    headings::{self, Headings},
    safe, words,
};
use super::*;
use crate::model::{ArticleView, Change, Discord, Edition, FigureView, StoryView};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// Figures of the day at most.
const MAX_FIGURES: usize = 6;
/// Papers of an entry that is only listed at the end.
const TAIL_PAPERS: usize = 3;

pub(in crate::edition) fn view(edition: &Edition, options: &RenderOptions, limits: Limits) -> View {
    let builder = Builder {
        edition,
        zone: words::zone(&edition.time_zone),
        limits,
    };
    let (others, related) = builder.tails();
    let coverage = &edition.coverage;
    let h = headings::of(edition.language);
    View {
        h,
        title: edition.title.clone(),
        number: edition.number.to_string(),
        date_long: headings::long_date(edition.date, edition.language),
        date_short: words::short_date(edition.date),
        preheader: preheader(edition),
        covers_from: builder.time(edition.window.covers.from),
        covers_to: builder.time(edition.window.covers.to),
        day: day(edition),
        empty: edition.stories.is_empty(),
        blind: is_blind(edition),
        counts: counts(edition, h),
        leads: edition
            .stories
            .iter()
            .enumerate()
            .filter(|(_, s)| s.lead)
            .map(|(i, s)| builder.lead(i, s))
            .collect(),
        figures: builder.figures(),
        sections: builder.sections(),
        others,
        related,
        reprints: builder.reprints(),
        corrections: builder.corrections(),
        corrections_hidden: edition.corrections.len().saturating_sub(limits.corrections),
        provinces_with: coverage
            .provinces_with
            .iter()
            .map(|p| Place {
                name: p.name.clone(),
                stories: p.stories,
            })
            .collect(),
        provinces_without: coverage.provinces_without.clone(),
        provinces_unread: coverage.provinces_unread.clone(),
        provinces_unwatched: coverage.provinces_unwatched.clone(),
        sources_ok: words::number(coverage.sources_ok),
        failing: builder.failing(),
        failing_total: coverage.sources_failing.len(),
        failing_hidden: coverage
            .sources_failing
            .len()
            .saturating_sub(limits.failing),
        late: coverage.late,
        week: week(edition),
        made_at: words::moment_in_full(edition.composed_at, &builder.zone),
        note: options.note.as_deref().map(safe::line),
        contact: options
            .contact
            .as_deref()
            .map(safe::line)
            .or_else(|| edition.contact.clone()),
        unsubscribe: options.unsubscribe.as_deref().and_then(unsubscribe),
        web_url: options.web_url.as_deref().and_then(safe::link),
    }
}

/// The four figures of the header.
fn counts(edition: &Edition, h: &'static Headings) -> Vec<Count> {
    let (counts, coverage) = (&edition.counts, &edition.coverage);
    let provinces = coverage.provinces_with.len()
        + coverage.provinces_without.len()
        + coverage.provinces_unread.len()
        + coverage.provinces_unwatched.len();
    let count = |value: String, label| Count {
        value,
        label,
        alarm: false,
    };
    vec![
        count(words::number(counts.articles), h.count_articles),
        count(words::number(counts.stories), h.count_stories),
        count(
            format!("{}/{provinces}", counts.provinces),
            h.count_provinces,
        ),
        Count {
            alarm: counts.failing > 0,
            ..count(words::number(counts.failing), h.count_failing)
        },
    ]
}

fn week(edition: &Edition) -> Vec<Bar> {
    let longest = edition
        .week
        .iter()
        .map(|d| d.articles)
        .max()
        .unwrap_or(0)
        .max(1);
    let bar = |day: &crate::model::DayCount| Bar {
        label: format!(
            "{} {}/{}",
            words::weekday_short(day.date),
            day.date.day(),
            day.date.month()
        ),
        articles: words::number(day.articles),
        percent: u32::try_from(u64::from(day.articles) * 100 / u64::from(longest)).unwrap_or(100),
        now: day.date == edition.date,
    };
    // One day alone compares with nothing.
    if edition.week.len() < 2 {
        Vec::new()
    } else {
        edition.week.iter().map(bar).collect()
    }
}

fn unsubscribe(address: &str) -> Option<Unsubscribe> {
    let by_mail = address.strip_prefix("mailto:");
    let plain = address
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b));
    match by_mail {
        Some(rest) if plain => {
            let shown = rest.split('?').next().unwrap_or(rest).to_owned();
            Some(Unsubscribe {
                url: address.to_owned(),
                shown,
                by_mail: true,
            })
        }
        Some(_) => None,
        None => safe::link(address).map(|url| Unsubscribe {
            shown: url.clone(),
            url,
            by_mail: false,
        }),
    }
}

/// Cuts an edition into what the limits let through.
struct Builder<'a> {
    edition: &'a Edition,
    zone: TimeZone,
    limits: Limits,
}

impl Builder<'_> {
    fn time(&self, at: jiff::Timestamp) -> String {
        words::moment(at, &self.zone, self.edition.date)
    }

    /// Papers in order; a paper's second article says so. The number is of those left out.
    fn papers(&self, articles: &[ArticleView], most: usize) -> (Vec<Paper>, usize) {
        let named = articles.iter().take(most).enumerate().map(|(i, article)| {
            let nth = articles[..=i]
                .iter()
                .filter(|a| a.source == article.source)
                .count();
            let mut paper = self.paper(article);
            if nth > 1 {
                paper.name.push_str(&format!(" (bài {nth})"));
            }
            paper
        });
        (named.collect(), articles.len().saturating_sub(most))
    }

    fn paper(&self, article: &ArticleView) -> Paper {
        let late = article.late.then_some("tin đến muộn");
        let retitled = article.retitled.then_some("đã sửa tiêu đề");
        Paper {
            name: article.source.clone(),
            url: safe::link(&article.url),
            time: article.published.map(|at| self.time(at)),
            marks: late.into_iter().chain(retitled).collect(),
        }
    }

    fn lead(&self, index: usize, story: &StoryView) -> Lead {
        let (mut papers, hidden) = self.papers(&story.articles, self.limits.papers);
        let first = if papers.is_empty() {
            Paper::default()
        } else {
            papers.remove(0)
        };
        let carried = match paper_count(story) {
            0 | 1 => "Một báo đưa tin".to_owned(),
            n => format!("{n} báo đưa tin"),
        };
        Lead {
            nth: index + 1,
            title: story.title.clone(),
            url: story.articles.first().and_then(|a| safe::link(&a.url)),
            quotes: quotations(story),
            carried,
            continues: story
                .continues
                .map(|number| format!("Tiếp theo số {number}")),
            paper: first,
            others: papers,
            hidden,
            discords: self.discords(story),
        }
    }

    fn story(&self, index: usize, story: &StoryView, most: usize) -> Story {
        let alone = (paper_count(story) == 1).then(|| "một báo đưa".to_owned());
        let continues = story
            .continues
            .map(|number| format!("tiếp theo số {number}"));
        Story {
            nth: Some(index + 1),
            notes: alone.into_iter().chain(continues).collect(),
            discords: self.discords(story),
            ..self.entry(&story.title, &story.articles, most)
        }
    }

    fn entry(&self, title: &str, articles: &[ArticleView], most: usize) -> Story {
        let (papers, hidden) = self.papers(articles, most);
        Story {
            nth: None,
            title: title.to_owned(),
            url: articles.first().and_then(|a| safe::link(&a.url)),
            papers,
            hidden,
            notes: Vec::new(),
            discords: Vec::new(),
        }
    }

    fn discords(&self, story: &StoryView) -> Vec<DiscordLine> {
        let claim = |f: &FigureView| Claim {
            text: safe::line(&f.figure.text),
            paper: paper_at(story, &f.url).map(str::to_owned),
            url: safe::link(&f.url),
        };
        let line = |d: &Discord| DiscordLine {
            what: safe::line(&d.what),
            claims: d.claims.iter().map(claim).collect(),
        };
        story.discords.iter().map(line).collect()
    }

    fn sections(&self) -> Vec<Section> {
        let mut room = self.limits.listed;
        let mut sections = Vec::new();
        for section in &self.edition.sections {
            let stories: Vec<(usize, &StoryView)> = section
                .stories
                .iter()
                .filter_map(|&i| Some((i, self.edition.stories.get(i)?)))
                .collect();
            let shown = stories.len().min(room);
            room -= shown;
            sections.push(Section {
                name: section.name.clone(),
                total: stories.len(),
                hidden: stories.len() - shown,
                stories: stories[..shown]
                    .iter()
                    .map(|(i, s)| self.story(*i, s, self.limits.papers))
                    .collect(),
            });
        }
        sections
    }

    /// "Các tin khác" and "Tin liên quan": they share the room that is left.
    fn tails(&self) -> (Tail, Tail) {
        let placed: BTreeSet<usize> = self
            .edition
            .sections
            .iter()
            .flat_map(|s| s.stories.iter().copied())
            .collect();
        let others: Vec<(&str, &[ArticleView])> = self
            .edition
            .stories
            .iter()
            .enumerate()
            .filter(|(i, story)| !story.lead && !placed.contains(i))
            .map(|(_, story)| (story.title.as_str(), story.articles.as_slice()))
            .collect();
        let related: Vec<(&str, &[ArticleView])> = self
            .edition
            .related
            .chunk_by(|_, next| next.copy)
            .map(|group| (group[0].title.as_str(), group))
            .collect();
        let skip = self.limits.skip.min(others.len());
        let room = self.limits.tail;
        let others_shown = room.min(others.len() - skip);
        let related_skip = (self.limits.skip - skip).min(related.len());
        let related_shown = (room - others_shown).min(related.len() - related_skip);
        (
            self.tail(&others, skip, others_shown),
            self.tail(&related, related_skip, related_shown),
        )
    }

    fn tail(&self, entries: &[(&str, &[ArticleView])], skip: usize, shown: usize) -> Tail {
        Tail {
            total: entries.len(),
            stories: entries[skip..skip + shown]
                .iter()
                .map(|(title, articles)| self.entry(title, articles, TAIL_PAPERS))
                .collect(),
            hidden: entries.len() - skip - shown,
        }
    }

    fn reprints(&self) -> Vec<Earlier> {
        self.edition
            .reprints
            .chunk_by(|one, next| one.number == next.number)
            .map(|group| {
                let articles: Vec<ArticleView> = group.iter().map(|r| r.article.clone()).collect();
                let (papers, hidden) = self.papers(&articles, self.limits.reprints);
                Earlier {
                    number: group[0].number,
                    papers,
                    hidden,
                }
            })
            .collect()
    }

    fn corrections(&self) -> Vec<CorrectionLine> {
        let shown = self
            .edition
            .corrections
            .iter()
            .take(self.limits.corrections);
        shown
            .map(|c| {
                let gone = c.change == Change::Withdrawn;
                CorrectionLine {
                    what: match c.change {
                        Change::Corrected => "Đính chính",
                        Change::Withdrawn => "Gỡ bài",
                        Change::Refigured => "Sửa số liệu",
                        Change::Retitled => "Sửa tiêu đề",
                    },
                    number: c.number,
                    paper: c.article.source.clone(),
                    mailed_title: safe::title(&c.mailed_title),
                    title: (!gone && c.reworded.is_none()).then(|| c.article.title.clone()),
                    was: c.reworded.as_ref().map(|r| safe::line(&r.was)),
                    now: c.reworded.as_ref().map(|r| safe::line(&r.now)),
                    url: safe::link(&c.article.url).filter(|_| !gone),
                }
            })
            .collect()
    }

    fn figures(&self) -> Vec<FigureLine> {
        let line = |story: &StoryView, f: &crate::model::FigureView| FigureLine {
            text: safe::line(&f.figure.text),
            label: safe::line(f.figure.subject.as_deref().unwrap_or(&f.figure.sentence)),
            place: f.place.as_deref().map(safe::line),
            source: paper_at(story, &f.url).map(str::to_owned),
            url: safe::link(&f.url),
        };
        let all = self
            .edition
            .stories
            .iter()
            .flat_map(|s| s.figures.iter().map(move |f| line(s, f)));
        all.take(MAX_FIGURES).collect()
    }

    fn failing(&self) -> Vec<Trouble> {
        let shown = self
            .edition
            .coverage
            .sources_failing
            .iter()
            .take(self.limits.failing);
        shown
            .map(|f| {
                let last = match f.last_ok {
                    Some(at) => format!("lần cuối đọc được: {}", self.time(at)),
                    None => "chưa đọc được lần nào".to_owned(),
                };
                let since = f.since.map(|at| format!("lỗi từ {}; ", self.time(at)));
                Trouble {
                    source: safe::line(&f.source),
                    reason: safe::line(&f.reason),
                    when: since.unwrap_or_default() + &last,
                }
            })
            .collect()
    }
}

/// The paper whose article of the story stands at this address.
fn paper_at<'a>(story: &'a StoryView, url: &str) -> Option<&'a str> {
    let article = story.articles.iter().find(|a| a.url == url)?;
    Some(article.source.as_str())
}

/// A story's sentences with their quotation marks: one quotation of the paper that is named first; where they are of
/// several papers, one of each in turn, with its name.
fn quotations(story: &StoryView) -> Vec<Quotation> {
    let first = story.articles.first().map(|a| a.source.as_str());
    let alone = story
        .summary
        .iter()
        .all(|quote| paper_at(story, &quote.url) == first);
    story
        .summary
        .chunk_by(|one, next| alone || one.url == next.url)
        .map(|group| {
            let paper = paper_at(story, &group[0].url).filter(|_| !alone);
            Quotation {
                sentences: quoted(group.iter().map(|quote| quote.text.as_str())),
                url: paper.and_then(|_| safe::link(&group[0].url)),
                paper: paper.map(str::to_owned),
            }
        })
        .collect()
}

/// Sentences as one quotation. Where they hold quotation marks of their own, none are added: whose are whose
/// could not be told.
fn quoted<'a>(sentences: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut quotes: Vec<String> = sentences.map(str::to_owned).collect();
    let marked = quotes.iter().any(|q| q.contains(['"', '“', '”', '«', '»']));
    if !marked {
        if let Some(first) = quotes.first_mut() {
            first.insert(0, '“');
        }
        if let Some(last) = quotes.last_mut() {
            last.push('”');
        }
    }
    quotes
}
