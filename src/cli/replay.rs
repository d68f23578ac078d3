//! `digest NAME --replay DATE`: an old edition under today's rules beside the one that was sent.

use super::app::AppError;
use super::args::Args;
use super::{digest, out};
use crate::config::DigestConfig;
use crate::daemon::letter::Composed;
use crate::daemon::replay::{self, Change, Place};
use crate::daemon::works::Works;
use crate::edition;
use crate::model::Counts;
use anyhow::Context as _;
use jiff::civil::Date;
use serde_json::json;
use std::path::Path;

/// Runs the command; with `dir`, both editions are written there as `sent.*` and `replay.*`.
pub async fn run(
    args: &Args,
    works: &Works,
    of: &DigestConfig,
    date: Date,
    dir: Option<&Path>,
) -> Result<(), AppError> {
    let setup = works.setup();
    let stored = works.store.find_edition(&of.name, date).await?;
    let stored = stored.with_context(|| format!("chưa có bản {} nào của ngày {date}", of.name))?;
    let today = replay::replay(works, &setup, of, &stored)
        .await
        .map_err(anyhow::Error::from)?;
    let changes = replay::changes(&stored.edition, &today.edition);
    if args.json {
        out::json(&json!({
            "digest": of.name.as_str(), "number": stored.edition.number, "date": date.to_string(),
            "sent": edition::to_json(&stored.edition), "replay": edition::to_json(&today.edition),
            "changes": changes.iter().map(as_json).collect::<Vec<_>>(),
        }));
    } else {
        let sent = stored.edition.counts;
        show(
            stored.edition.number,
            date,
            sent,
            today.edition.counts,
            &changes,
        );
    }
    if let Some(dir) = dir {
        let sent = Composed {
            edition: stored.edition,
            rendered: stored.rendered,
            frozen: false,
        };
        digest::write_forms(works, of, &sent, dir, "sent").await?;
        digest::write_forms(works, of, &today, dir, "replay").await?;
    }
    Ok(())
}

fn as_json(change: &Change) -> serde_json::Value {
    let place = |place: Option<Place>| {
        place.map(|place| match place {
            Place::Story => "story",
            Place::Related => "related",
            Place::Reprint => "reprint",
        })
    };
    json!({"id": change.article.0, "title": change.title, "sent": place(change.then), "replay": place(change.now)})
}

fn show(number: u32, date: Date, sent: Counts, replay: Counts, changes: &[Change]) {
    out::line(&format!(
        "Bản số {number} ngày {}:",
        date.strftime("%d/%m/%Y")
    ));
    for (when, counts) in [("như đã gửi", sent), ("theo quy tắc hôm nay", replay)] {
        out::line(&format!(
            "  {when}: {} việc, {} bài, {} tỉnh",
            counts.stories, counts.articles, counts.provinces
        ));
    }
    if changes.is_empty() {
        out::line("Không bài nào đổi chỗ.");
    }
    for change in changes {
        out::line(&line(change));
    }
}

fn line(change: &Change) -> String {
    let place = |place: Option<Place>| match place {
        Some(Place::Story) => "nội dung chính",
        Some(Place::Related) => "tin liên quan",
        Some(Place::Reprint) => "tin đăng lại",
        None => "ngoài bản tin",
    };
    let sign = match (change.then, change.now) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    };
    format!(
        "{sign} {:>6}  {} → {}  {}",
        change.article,
        place(change.then),
        place(change.now),
        out::safe(&change.title)
    )
}
