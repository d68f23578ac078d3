//! An edition as data: `edition.json`. A contract: fields may be added, none taken away or renamed.

use super::words;
use crate::model::{ArticleView, Edition, FigureView, StoryView};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The frozen edition in its public form; stories in the order of the mail, times with the offset of its zone.
pub fn to_json(edition: &Edition) -> Value {
    let printer = Printer { edition };
    let coverage = &edition.coverage;
    json!({
        "digest": edition.digest,
        "title": edition.title,
        "number": edition.number,
        "date": edition.date.to_string(),
        "slot": edition.slot,
        "composed_at": printer.time(edition.composed_at),
        "covers": {
            "from": printer.time(edition.window.covers.from),
            "to": printer.time(edition.window.covers.to),
        },
        "counts": edition.counts,
        "stories": edition.stories.iter().map(|s| printer.story(s)).collect::<Vec<_>>(),
        "sections": edition.sections,
        "related": edition.related.iter().map(|a| printer.article(a)).collect::<Vec<_>>(),
        "reprints": edition.reprints.iter().map(|r| json!({
            "number": r.number,
            "article": printer.article(&r.article),
        })).collect::<Vec<_>>(),
        "corrections": edition.corrections.iter().map(|c| json!({
            "number": c.number,
            "change": c.change,
            "mailed_title": c.mailed_title,
            "reworded": c.reworded,
            "article": printer.article(&c.article),
        })).collect::<Vec<_>>(),
        "coverage": {
            "sources_ok": coverage.sources_ok,
            "sources_failing": coverage.sources_failing.iter().map(|f| json!({
                "source": f.source,
                "province": f.province,
                "reason": f.reason,
                "since": f.since.map(|at| printer.time(at)),
                "last_ok": f.last_ok.map(|at| printer.time(at)),
            })).collect::<Vec<_>>(),
            "provinces_with": coverage.provinces_with,
            "provinces_without": coverage.provinces_without,
            "provinces_unread": coverage.provinces_unread,
            "provinces_unwatched": coverage.provinces_unwatched,
            "late": coverage.late,
        },
        "week": edition.week,
    })
}

fn figure(f: &FigureView) -> Value {
    json!({
        "text": f.figure.text,
        "value": f.figure.value,
        "unit": f.figure.unit,
        "subject": f.figure.subject,
        "sentence": f.figure.sentence,
        "url": f.url,
        "place": f.place,
    })
}

struct Printer<'a> {
    edition: &'a Edition,
}

impl Printer<'_> {
    fn time(&self, at: Timestamp) -> String {
        let zone = words::zone(&self.edition.time_zone);
        at.to_zoned(zone)
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    }

    fn story(&self, story: &StoryView) -> Value {
        json!({
            "title": story.title,
            "lead": story.lead,
            "topics": story.topics,
            "provinces": story.provinces,
            "articles": story.articles.iter().map(|a| self.article(a)).collect::<Vec<_>>(),
            "summary": story.summary,
            "figures": story.figures.iter().map(figure).collect::<Vec<_>>(),
            "continues": story.continues,
            "discords": story.discords.iter().map(|d| json!({
                "what": d.what,
                "claims": d.claims.iter().map(figure).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "papers": story.papers,
        })
    }

    fn article(&self, article: &ArticleView) -> Value {
        json!({
            "id": article.id,
            "title": article.title,
            "url": article.url,
            "source": article.source,
            "province": article.province,
            "published": article.published.map(|at| self.time(at)),
            "copy": article.copy,
            "late": article.late,
            "retitled": article.retitled,
        })
    }
}
