//! `feeds test`: the doctor's report on one address.

use super::app::{self, AppError};
use super::args::Args;
use super::feeds_exam::{self, Answer, Content, Patient, Report};
use super::{feeds_discover, out};
use crate::daemon::works::Setup;
use crate::model::{FailureKind, FeedKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write as _;
use url::Url;

/// Items shown one by one.
const SHOWN: usize = 8;
/// Sections named.
const SECTIONS: usize = 5;

/// Runs the command; it fails where the address cannot be read.
pub async fn run(args: &Args, which: &str) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let setup = Setup::new(config, None).map_err(anyhow::Error::from)?;
    let patient = patient(&setup, which)?;
    let now = app::clock(args).now();
    let report = feeds_exam::examine(&setup, &patient, now).await;
    if args.json {
        out::json(&report);
    } else {
        let told = told(&report, &feeds_exam::zone(&setup), now);
        told.lines().for_each(out::line);
    }
    if report.ok {
        return Ok(());
    }
    if !args.json && report.failure == Some(FailureKind::Html) {
        out::line("Đây là một trang web; tìm nguồn tin trên trang này:");
        feeds_discover::offer(&setup, &patient.url, now).await;
    }
    let url = &patient.url;
    Err(AppError::Work(anyhow::anyhow!("{url} could not be read")))
}

/// A configured feed by its key or address, else any http(s) address, as a source of its own.
pub fn patient(setup: &Setup, which: &str) -> Result<Patient, AppError> {
    for source in setup.sources.values() {
        let mut feeds = source.feeds.iter();
        let same = |feed: &&crate::model::FeedSpec| {
            feed.key.as_str() == which || feed.url.as_str() == which
        };
        if let Some(feed) = feeds.find(same) {
            return Ok(Patient {
                url: feed.url.clone(),
                kind: feed.kind,
                list: feed.list.clone(),
                section: feed.section.clone(),
                source: crate::model::Source::clone(source),
            });
        }
    }
    let url = Url::parse(which)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| {
        AppError::Usage(format!(
            "{which:?} is neither a feed of feeds.toml nor an http address"
        ))
    })?;
    let kind = match feeds_discover::is_sitemap(&url) {
        true => FeedKind::Sitemap,
        false => FeedKind::Feed,
    };
    Ok(Patient {
        kind,
        ..Patient::stranger(url)
    })
}

/// The report as people read it, fit for a terminal.
fn told(report: &Report, zone: &TimeZone, now: Timestamp) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = tell(&mut text, report, zone, now);
    let lines: Vec<String> = text.lines().map(out::safe).collect();
    lines.join("\n")
}

fn tell(text: &mut String, report: &Report, zone: &TimeZone, now: Timestamp) -> std::fmt::Result {
    let kind = match report.kind {
        FeedKind::Feed => "RSS/Atom",
        FeedKind::Sitemap => "sơ đồ trang (sitemap)",
        FeedKind::Page => "trang danh mục",
    };
    writeln!(text, "Địa chỉ:    {}", report.url)?;
    writeln!(text, "Loại:       {kind}")?;
    if let Some(answer) = &report.answer {
        tell_answer(text, answer)?;
    }
    if let Some(trouble) = report.trouble {
        let detail = report.detail.as_deref().unwrap_or_default();
        writeln!(text, "Kết luận:   KHÔNG ĐỌC ĐƯỢC: {trouble} ({detail})")?;
    }
    if !report.parts.is_empty() {
        writeln!(text, "Mục lục:    các sơ đồ trang sẽ đọc, mới nhất trước:")?;
        for part in &report.parts {
            writeln!(text, "            {part}")?;
        }
    }
    if let Some(content) = &report.content {
        tell_content(text, content, zone, now)?;
    }
    if let Some(hub) = &report.hub {
        let wanted = match hub.wanted {
            true => "tin mới được gửi thẳng tới máy này",
            false => "chưa dùng, vì chưa có [web] public_url",
        };
        writeln!(text, "Hub WebSub: {}; {wanted}", hub.url)?;
    }
    for note in &report.notes {
        writeln!(text, "Lưu ý:      {note}")?;
    }
    if let Some(next) = report.next_poll {
        writeln!(
            text,
            "Hỏi lại:    {} nếu vừa đọc lúc này",
            clock(next, zone)
        )?;
    }
    if report.ok && report.trouble.is_none() {
        let verdict = if report.notes.is_empty() {
            "tốt"
        } else {
            "đọc được, cần xem các lưu ý"
        };
        writeln!(text, "Kết luận:   {verdict}")?;
    }
    Ok(())
}

fn tell_answer(text: &mut String, answer: &Answer) -> std::fmt::Result {
    let tls = match answer.tls {
        true => "kết nối mã hóa, chứng chỉ hợp lệ",
        false => "kết nối không mã hóa (http)",
    };
    writeln!(text, "Trả lời:    200, {} byte, {tls}", answer.bytes)?;
    for hop in &answer.redirects {
        let how = match hop.status {
            301 | 308 => "vĩnh viễn",
            _ => "tạm thời",
        };
        writeln!(text, "Chuyển tới: {} ({}, {how})", hop.to, hop.status)?;
    }
    let content_type = answer.content_type.as_deref().unwrap_or("không ghi");
    writeln!(text, "Kiểu ghi:   {content_type}")?;
    let has = |has| if has { "có" } else { "không" };
    let again = match answer.conditional {
        Some(true) => "hỏi lại thì trả lời 304, đúng quy cách",
        Some(false) => "nhưng hỏi lại vẫn gửi cả tài liệu",
        None => "mỗi lần hỏi đều phải tải cả tài liệu",
    };
    writeln!(
        text,
        "Hỏi tin mới: ETag {}, Last-Modified {}; {again}",
        has(answer.etag),
        has(answer.last_modified)
    )
}

fn tell_content(
    text: &mut String,
    content: &Content,
    zone: &TimeZone,
    now: Timestamp,
) -> std::fmt::Result {
    writeln!(
        text,
        "Bảng mã:    {} ({})",
        content.encoding, content.decided
    )?;
    let title = content.title.as_deref().unwrap_or("không ghi");
    writeln!(text, "Tên:        {title}")?;
    writeln!(
        text,
        "Số mục:     {}, hiểu được ngày của {}",
        content.items, content.dated
    )?;
    if let (Some(newest), Some(oldest)) = (content.newest, content.oldest) {
        writeln!(
            text,
            "Bài mới nhất: {} ({}); cũ nhất: {}",
            clock(newest, zone),
            age(newest, now),
            clock(oldest, zone)
        )?;
    }
    if !content.sections.is_empty() {
        let named: Vec<String> = content
            .sections
            .iter()
            .take(SECTIONS)
            .map(|(section, count)| format!("{section} {count}"))
            .collect();
        writeln!(text, "Chuyên mục: {}", named.join(", "))?;
    }
    let taken = content.taken.iter().filter(|item| item.level > 0);
    writeln!(
        text,
        "Sẽ lấy:     {} bài, xét theo tiêu đề và sapo",
        taken.clone().count()
    )?;
    for item in taken.take(SHOWN) {
        writeln!(text, "  mức {}: {}", item.level, item.title)?;
        if !item.why.is_empty() {
            writeln!(text, "          vì có: {}", item.why.join(", "))?;
        }
    }
    Ok(())
}

fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%H:%M %d/%m/%Y")
        .to_string()
}

/// How long ago, in one word or two.
fn age(at: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(at).as_mins();
    match minutes {
        ..0 => "ở tương lai".to_owned(),
        0..60 => format!("{minutes} phút trước"),
        60..2880 => format!("{} giờ trước", minutes / 60),
        _ => format!("{} ngày trước", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::feeds_exam::{Hub, Item};
    use crate::model::Hop;

    fn report() -> Report {
        let url: Url = "https://baodongbung.example/rss/xay-dung-dang.rss"
            .parse()
            .unwrap();
        let at = |text: &str| Some(text.parse().unwrap());
        Report {
            url: url.clone(),
            ok: true,
            kind: FeedKind::Feed,
            trouble: None,
            failure: None,
            detail: None,
            answer: Some(Answer {
                final_url: "https://www.baodongbung.example/rss/home.rss"
                    .parse()
                    .unwrap(),
                redirects: vec![
                    Hop {
                        status: 301,
                        to: "https://www.baodongbung.example/rss/xay-dung-dang.rss"
                            .parse()
                            .unwrap(),
                    },
                    Hop {
                        status: 302,
                        to: "https://www.baodongbung.example/rss/home.rss"
                            .parse()
                            .unwrap(),
                    },
                ],
                moved_to: None,
                tls: true,
                content_type: Some("text/xml".into()),
                bytes: 48_213,
                etag: true,
                last_modified: false,
                conditional: Some(false),
            }),
            content: Some(Content {
                title: Some("Báo Đồng Bưng".into()),
                encoding: "UTF-8",
                decided: "UTF-8 hợp lệ",
                items: 20,
                dated: 19,
                newest: at("2026-11-20T00:10:00Z"),
                oldest: at("2026-11-17T23:00:00Z"),
                sections: vec![("thoi-su".into(), 12), ("kinh-te".into(), 8)],
                taken: vec![Item {
                    title: "Chi bộ ấp Ba kết nạp đảng viên\u{1b}[31m".into(),
                    url: None,
                    published: None,
                    level: 2,
                    why: vec!["kết nạp đảng viên".into(), "chi bộ".into()],
                }],
            }),
            parts: Vec::new(),
            notes: vec![
                "1 ngày không đọc được".into(),
                "có thể nhầm chuyên mục".into(),
            ],
            hub: Some(Hub {
                url: "https://hub.baodongbung.example/".parse().unwrap(),
                wanted: true,
            }),
            next_poll: at("2026-11-20T00:50:00Z"),
        }
    }

    #[test]
    fn the_doctor_speaks_vietnamese() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let now = "2026-11-20T00:20:00Z".parse().unwrap();
        let well = told(&report(), &zone, now);
        let ill = Report {
            ok: false,
            trouble: Some(FailureKind::NotFound.in_vietnamese()),
            failure: Some(FailureKind::NotFound),
            detail: Some("HTTP 404".into()),
            answer: None,
            content: None,
            notes: Vec::new(),
            hub: None,
            ..report()
        };
        let index = Report {
            kind: FeedKind::Sitemap,
            content: None,
            notes: Vec::new(),
            hub: None,
            parts: vec![
                "https://baodongbung.example/bai-2026-11.xml.gz"
                    .parse()
                    .unwrap(),
            ],
            ..report()
        };
        insta::assert_snapshot!(
            [well, told(&ill, &zone, now), told(&index, &zone, now)].join("\n")
        );
    }
}
