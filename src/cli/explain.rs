//! `explain`: why an article was taken or left.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::analyse::topic::CUT;
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
    if args.json {
        out::json(&json!({
            "id": article.id.0, "title": article.title, "url": article.url, "source": article.source,
            "verdict": article.verdict, "backfill": article.backfill, "body_read": article.body.is_some(),
            "feeds": entries.iter().map(|entry| entry.feed.to_string()).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    let Some(verdict) = &article.verdict else {
        out::line("Bài này chưa được phân tích.");
        return Ok(());
    };
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
    explain(&article, verdict, &|key| {
        setup
            .config
            .topics
            .topic(key)
            .map_or_else(|| key.to_owned(), |topic| topic.name.clone())
    });
    Ok(())
}

fn explain(article: &Article, verdict: &Verdict, heading: &dyn Fn(&str) -> String) {
    let level = match verdict.level {
        2 => "công tác xây dựng Đảng là nội dung chính",
        1 => "có liên quan",
        _ => "không thuộc chủ đề",
    };
    out::line(&format!(
        "Mức {}: {level} (khả năng từ mức 1: {:.0} %, mức 2: {:.0} %; {})",
        verdict.level,
        verdict.chances[0] * 100.0,
        verdict.chances[1] * 100.0,
        nearest(verdict.chances)
    ));
    if article.backfill {
        out::line("Bài cũ khi thấy lần đầu: được lưu và tra cứu, không vào bản tin.");
    }
    if article.body.is_none() {
        out::line("Chưa đọc được trang bài: chỉ xét tiêu đề và sapo.");
    }
    for score in &verdict.topics {
        out::line(&format!(
            "  {} ({:.0} %)",
            heading(score.topic.as_str()),
            score.score * 100.0
        ));
    }
    if verdict.hits.is_empty() {
        out::line("Không có cụm từ nào về xây dựng Đảng.");
    } else {
        out::line("Căn cứ:");
    }
    for hit in verdict.hits.iter().take(HITS) {
        out::line(&describe(hit, heading));
    }
    if verdict.hits.len() > HITS {
        out::line(&format!("  … và {} căn cứ khác", verdict.hits.len() - HITS));
    }
    if !verdict.factors.is_empty() {
        out::line("Những điểm có trọng lượng nhất trong phép tính khả năng:");
    }
    for factor in &verdict.factors {
        out::line(&format!(
            "  {:+.2}  {}",
            factor.weight,
            in_words(&factor.name)
        ));
    }
}

/// A number of the model for an admin to read.
fn in_words(name: &str) -> &str {
    match name {
        "subject" => "tổng điểm so với mốc mức 2",
        "borderline" => "tổng điểm so với mốc mức 1",
        "capped" => "cụm từ giữ bài ở mức 1 đứng đầu bài",
        "untitled" => "không có tiêu đề",
        "no lead" => "không có sapo",
        "title core" => "cụm từ về công việc của Đảng ở tiêu đề",
        "title side" => "cụm từ chỉ đủ cho mức 1 ở tiêu đề",
        "title against" => "dấu hiệu nói việc khác ở tiêu đề",
        "title strongest" => "cụm từ mạnh nhất ở tiêu đề",
        "title kinds" => "số lĩnh vực mà tiêu đề nói tới",
        "title persons" => "chức danh đứng trước tên người ở tiêu đề",
        "title cancelled" => "cụm từ không tính vì ngữ cảnh ở tiêu đề",
        "lead core" => "cụm từ về công việc của Đảng ở sapo",
        "lead side" => "cụm từ chỉ đủ cho mức 1 ở sapo",
        "lead against" => "dấu hiệu nói việc khác ở sapo",
        "lead strongest" => "cụm từ mạnh nhất ở sapo",
        "lead kinds" => "số lĩnh vực mà sapo nói tới",
        "lead persons" => "chức danh đứng trước tên người ở sapo",
        "lead cancelled" => "cụm từ không tính vì ngữ cảnh ở sapo",
        "lead early" => "sapo nói tới công việc của Đảng sớm hay muộn",
        "text core" => "cụm từ về công việc của Đảng trong bài",
        "text side" => "cụm từ chỉ đủ cho mức 1 trong bài",
        "section" => "chuyên mục",
        other => other,
    }
}

/// The level whose cut is nearest, and on which side of it the article stands.
fn nearest([one, two]: [f32; 2]) -> String {
    let distance = |chance: f32| (chance - CUT).abs();
    let (level, chance) = if distance(two) < distance(one) {
        (2, two)
    } else {
        (1, one)
    };
    let (by, cut) = (distance(chance) * 100.0, CUT * 100.0);
    if chance < CUT {
        format!("thiếu {by:.0} điểm phần trăm so với ngưỡng mức {level} là {cut:.0} %")
    } else {
        format!("trên ngưỡng mức {level} là {cut:.0} %, hơn {by:.0} điểm phần trăm")
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

    #[test]
    fn every_number_of_the_model_has_words() {
        let verdict = crate::analyse::topic::classify(
            crate::config::topics::Topics::builtin(),
            &crate::model::ArticleText {
                title: "Đại hội Đảng bộ xã Mường Bú",
                ..Default::default()
            },
        );
        assert!(!verdict.factors.is_empty());
        for factor in &verdict.factors {
            assert_ne!(in_words(&factor.name), factor.name);
        }
    }

    #[test]
    fn the_nearest_cut_is_named_with_its_side() {
        assert_eq!(
            nearest([0.97, 0.4]),
            "thiếu 10 điểm phần trăm so với ngưỡng mức 2 là 50 %"
        );
        assert_eq!(
            nearest([0.75, 0.125]),
            "trên ngưỡng mức 1 là 50 %, hơn 25 điểm phần trăm"
        );
    }
}
