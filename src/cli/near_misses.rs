//! `digest NAME --near-misses`: the articles that an edition passed over by the least, for the admin to look through.

use super::app::AppError;
use super::args::Args;
use super::out;
use crate::analyse::topic::CUT;
use crate::daemon::admin::nearest_misses;
use crate::daemon::works::Works;
use crate::model::{Article, Span};
use serde_json::json;

/// Prints the articles of the span that came nearest to level 1 without reaching it, nearest first.
pub async fn print(args: &Args, works: &Works, covers: Span) -> Result<(), AppError> {
    let articles = works
        .store
        .published_between(covers.from, covers.to)
        .await?;
    let missed = nearest_misses(articles);
    if args.json {
        for (article, score) in &missed {
            out::json(&json!({
                "id": article.id.0, "title": article.title, "url": article.url, "source": article.source,
                "score": score, "cut": CUT,
            }));
        }
        return Ok(());
    }
    show(&missed);
    Ok(())
}

fn show(missed: &[(Article, f32)]) {
    if missed.is_empty() {
        out::line("Không có bài nào sát ngưỡng.");
        return;
    }
    out::line(&format!(
        "Bài sát ngưỡng mà không vào bản tin (ngưỡng {:.2}); thêm vào: diembao mark SỐ relevant",
        CUT
    ));
    for (article, score) in missed {
        out::line(&format!(
            "{:>6}  {score:.2}  {}",
            article.id,
            out::safe(&article.title)
        ));
    }
}
