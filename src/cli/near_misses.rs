//! `digest NAME --near-misses`: the articles that an edition passed over by the least, for the admin to look through.

use super::app::AppError;
use super::args::Args;
use super::out;
use crate::analyse::topic::CUT;
use crate::daemon::works::Works;
use crate::model::{Article, Span};
use serde_json::json;

/// Less than this chance is no near miss.
const SOME: f32 = 0.02;
/// How many are shown.
const SHOWN: usize = 10;

/// Prints the articles of the span that came nearest to level 1 without reaching it, nearest first.
pub async fn print(args: &Args, works: &Works, covers: Span) -> Result<(), AppError> {
    let articles = works
        .store
        .published_between(covers.from, covers.to)
        .await?;
    let missed = nearest(articles);
    if args.json {
        for (article, score) in &missed {
            out::json(&json!({
                "id": article.id.0, "title": article.title, "url": article.url, "source": article.source,
                "chance": score, "cut": CUT,
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
        "Bài sát ngưỡng mà không vào bản tin (ngưỡng {:.0} %); thêm vào: diembao mark SỐ relevant",
        CUT * 100.0
    ));
    for (article, chance) in missed {
        out::line(&format!(
            "{:>6}  {:>3.0} %  {}",
            article.id,
            chance * 100.0,
            out::safe(&article.title)
        ));
    }
}

/// Level 0 with some chance, likeliest first; equal chances stay in order of time.
fn nearest(articles: Vec<Article>) -> Vec<(Article, f32)> {
    let mut missed: Vec<(Article, f32)> = articles
        .into_iter()
        .filter(|article| !article.backfill)
        .filter_map(|article| {
            let verdict = article.verdict.as_ref()?;
            let chance = verdict.chances[0];
            (verdict.level == 0 && chance >= SOME).then_some((article, chance))
        })
        .collect();
    missed.sort_by(|a, b| b.1.total_cmp(&a.1));
    missed.truncate(SHOWN);
    missed
}
