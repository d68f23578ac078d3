//! `explain`: why an article was taken or left.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::config::topics::Cuts;
use crate::model::{Article, Hit, Part, Verdict};
use serde_json::json;

/// Hits shown one by one.
const HITS: usize = 30;

/// Runs the command. `which` is an article's number or address.
pub async fn run(args: &Args, which: &str) -> Result<(), AppError> {
    let works = app::beside(args)
        .await?
        .ok_or_else(|| AppError::Usage(app::no_data(args)))?;
    let article = super::mark::find(&works, which).await?;
    let entries = works.store.entries_of(article.id).await?;
    let Some(verdict) = &article.verdict else {
        out::line("Bài này chưa được phân tích.");
        return Ok(());
    };
    if args.json {
        out::json(&json!({
            "id": article.id.0, "title": article.title, "url": article.url, "source": article.source,
            "verdict": verdict, "backfill": article.backfill, "body_read": article.body.is_some(),
            "feeds": entries.iter().map(|entry| entry.feed.to_string()).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    let setup = works.setup();
    let name = setup
        .sources
        .get(&article.source)
        .map_or(article.source.as_str(), |source| source.name.as_str());
    out::line(&format!(
        "Bài {}: {}",
        article.id,
        out::safe(&article.title)
    ));
    out::line(&format!(
        "{} · {}",
        out::safe(name),
        out::safe(&article.url)
    ));
    out::line(&format!(
        "Có trong: {}",
        entries
            .iter()
            .map(|e| e.feed.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    ));
    explain(&article, verdict, setup.config.topics.cuts, &|key| {
        setup
            .config
            .topics
            .topic(key)
            .map_or_else(|| key.to_owned(), |topic| topic.name.clone())
    });
    Ok(())
}

fn explain(article: &Article, verdict: &Verdict, cuts: Cuts, heading: &dyn Fn(&str) -> String) {
    let level = match verdict.level {
        2 => "công tác xây dựng Đảng là nội dung chính",
        1 => "có liên quan",
        _ => "không thuộc chủ đề",
    };
    out::line(&format!(
        "Mức {}: {level} (điểm {:.2}; {})",
        verdict.level,
        verdict.score,
        nearest(verdict.score, cuts)
    ));
    if article.backfill {
        out::line("Bài cũ khi thấy lần đầu: được lưu và tra cứu, không vào bản tin.");
    }
    if article.body.is_none() {
        out::line("Chưa đọc được trang bài: chỉ xét tiêu đề và sapo.");
    }
    for score in &verdict.topics {
        out::line(&format!(
            "  {} ({:.2})",
            heading(score.topic.as_str()),
            score.score
        ));
    }
    if verdict.hits.is_empty() {
        out::line("Không có cụm từ nào về xây dựng Đảng.");
        return;
    }
    out::line("Căn cứ:");
    for hit in verdict.hits.iter().take(HITS) {
        out::line(&describe(hit, heading));
    }
    if verdict.hits.len() > HITS {
        out::line(&format!("  … và {} căn cứ khác", verdict.hits.len() - HITS));
    }
}

/// The cut that the score stands nearest to, and on which side.
fn nearest(score: f32, cuts: Cuts) -> String {
    let distance = |cut: f32| (score - cut).abs();
    let (level, cut) = if distance(cuts.subject) < distance(cuts.borderline) {
        (2, cuts.subject)
    } else {
        (1, cuts.borderline)
    };
    let by = distance(cut);
    if score < cut {
        format!("thiếu {by:.2} so với ngưỡng mức {level} là {cut:.2}")
    } else {
        format!("trên ngưỡng mức {level} là {cut:.2}, hơn {by:.2}")
    }
}

fn describe(hit: &Hit, heading: &dyn Fn(&str) -> String) -> String {
    let part = match hit.part {
        Part::Title => "tiêu đề",
        Part::Sapo => "sapo",
        Part::Body => "nội dung",
        Part::Section => "chuyên mục",
        Part::Mark => "đánh dấu của quản trị viên",
    };
    let topic = hit
        .topic
        .as_ref()
        .map(|topic| format!(" → {}", heading(topic.as_str())))
        .unwrap_or_default();
    let why = hit
        .cancelled_by
        .as_ref()
        .map(|why| format!(" (không tính: {})", out::safe(why)))
        .unwrap_or_default();
    format!(
        "  {:+.2}  “{}” ở {part}{topic}{why}",
        hit.weight,
        out::safe(&hit.found)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::topics::Topics;

    #[test]
    fn the_nearest_cut_is_named_with_its_side() {
        let cuts = Cuts {
            borderline: 1.0,
            subject: 3.0,
            ..Topics::builtin().cuts
        };
        assert_eq!(nearest(2.5, cuts), "thiếu 0.50 so với ngưỡng mức 2 là 3.00");
        assert_eq!(nearest(1.25, cuts), "trên ngưỡng mức 1 là 1.00, hơn 0.25");
    }
}
