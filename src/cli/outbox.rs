//! `outbox`: who has which edition, who does not and why; try again, or give up.

use super::app::{self, AppError};
use super::args::{Args, Outbox, Which};
use super::out;
use crate::daemon::gate::Gate;
use crate::daemon::works::Works;
use crate::model::{DeliveryId, DeliveryState};
use crate::store::{self, DeliveryRow, Leaver};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Characters of a server's words in the table; `--json` has them all.
const WORDS_MAX: usize = 90;

/// Runs the command. Beside the daemon it writes rows only, and the daemon acts on them.
pub async fn run(args: &Args, action: &Outbox) -> Result<(), AppError> {
    let Some(works) = app::beside(args).await? else {
        out::line(&app::no_data(args));
        return Ok(());
    };
    match action {
        Outbox::List { state, limit } => list(args, &works, state, *limit).await,
        Outbox::Retry { which } => retry(&works, which).await,
        Outbox::Cancel { which } => cancel(&works, which).await,
        Outbox::Left => left(args, &works).await,
        Outbox::Rejoin { address, digest } => rejoin(&works, address, digest.as_deref()).await,
    }
}

async fn list(args: &Args, works: &Works, states: &[String], limit: u32) -> Result<(), AppError> {
    let states: Vec<DeliveryState> = states
        .iter()
        .filter_map(|word| DeliveryState::from_word(word))
        .collect();
    let rows = works.store.list_deliveries(&states, limit).await?;
    if args.json {
        rows.iter().for_each(|row| out::json(&as_json(row)));
        return Ok(());
    }
    if rows.is_empty() {
        out::line("Hộp thư đi trống.");
        return Ok(());
    }
    let zone = works.setup().config.daemon.time_zone.clone();
    let head = [
        "Mã",
        "Bản tin",
        "Người nhận",
        "Tình trạng",
        "Số lần thử",
        "Lúc",
        "Nghĩa là",
        "Lời máy chủ",
    ];
    out::table(&head, rows.iter().map(|row| cells(row, &zone)));
    Ok(())
}

fn cells(row: &DeliveryRow, zone: &TimeZone) -> Vec<String> {
    vec![
        row.id.0.to_string(),
        format!(
            "{} số {} ({})",
            row.digest,
            row.number,
            row.date.strftime("%d/%m/%Y")
        ),
        row.recipient.clone(),
        row.state.in_vietnamese().to_owned(),
        row.tries.to_string(),
        moment(row, zone),
        meaning(row).to_owned(),
        shortened(row.last_reply.as_deref().unwrap_or_default()),
    ]
}

/// What the server's last words come to, for somebody who does not know SMTP. Enhanced codes: RFC 3463, RFC 5248.
fn meaning(row: &DeliveryRow) -> &'static str {
    let Some(reply) = row.last_reply.as_deref() else {
        return "";
    };
    const OURS: [(&str, &str); 4] = [
        (store::LEFT, "người nhận đã tự ngừng nhận"),
        ("cancelled", "người quản trị đã hủy"),
        ("given up after five days", "đã thử lại năm ngày, thôi gửi"),
        ("written to ", "đã ghi thành tệp"),
    ];
    if let Some((_, told)) = OURS.iter().find(|(begin, _)| reply.starts_with(begin)) {
        return told;
    }
    if row.state == DeliveryState::Sent {
        return "máy chủ đã nhận";
    }
    const CODES: [(&str, &str); 16] = [
        ("5.1.1", "địa chỉ này không có"),
        ("5.1.2", "tên miền của địa chỉ không có"),
        ("5.1.3", "địa chỉ viết sai"),
        ("5.1.6", "hộp thư đã chuyển đi nơi khác"),
        ("5.1.10", "tên miền này không nhận thư"),
        ("5.2.1", "hộp thư bị khóa"),
        ("4.2.1", "hộp thư tạm không nhận"),
        (".2.2", "hộp thư đầy"),
        (".2.3", "thư lớn quá mức cho phép"),
        (".3.4", "thư lớn quá mức cho phép"),
        (".7.8", "tài khoản hoặc mật khẩu bị từ chối"),
        (".7.9", "tài khoản hoặc mật khẩu bị từ chối"),
        ("5.7.", "máy chủ không cho gửi (quyền gửi, chống thư rác)"),
        ("4.7.", "máy chủ hẹn gửi lại sau (chống thư rác)"),
        (".4.", "máy chủ không kết nối được tới nơi nhận"),
        (".3.", "máy chủ thư đang trục trặc hoặc đầy đĩa"),
    ];
    // "RCPT TO: 550 5.1.1 …": the step stands before the server's words.
    let words = reply.split_once(": ").map_or(reply, |(_, words)| words);
    let mut pieces = words.split_whitespace();
    let code = pieces.next().unwrap_or_default();
    let enhanced = pieces.next().unwrap_or_default();
    let known = CODES
        .iter()
        .find(|(begin, _)| match begin.strip_prefix('.') {
            Some(_) => enhanced
                .get(1..)
                .is_some_and(|rest| rest.starts_with(begin)),
            None => enhanced == *begin || begin.ends_with('.') && enhanced.starts_with(begin),
        });
    match (known, code) {
        (Some((_, told)), _) => told,
        (None, "535" | "534" | "530") => "tài khoản hoặc mật khẩu bị từ chối",
        (None, "550" | "551" | "553") => "máy chủ từ chối địa chỉ này",
        (None, "552" | "452") => "hộp thư đầy hoặc thư quá lớn",
        (None, "554") => "máy chủ từ chối nhận thư",
        (None, "421") => "máy chủ tạm ngừng phục vụ",
        (None, "450" | "451") => "máy chủ hẹn gửi lại sau",
        _ if code.parse::<u16>().is_err() => "chưa nói chuyện được với máy chủ thư",
        _ => "",
    }
}

/// The moment that matters: when it was done, else when it is tried next.
fn moment(row: &DeliveryRow, zone: &TimeZone) -> String {
    let show = |at: Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%H:%M %d/%m")
            .to_string()
    };
    match (row.done_at, row.due_at) {
        (Some(done), _) => show(done),
        (None, Some(due)) if row.state != DeliveryState::Queued => format!("thử lại {}", show(due)),
        (None, Some(due)) => format!("gửi {}", show(due)),
        (None, None) => String::new(),
    }
}

fn shortened(words: &str) -> String {
    let mut line: String = words.chars().take(WORDS_MAX).collect();
    if line.len() < words.len() {
        line.push('…');
    }
    line
}

fn as_json(row: &DeliveryRow) -> Value {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": row.id.0, "digest": row.digest, "number": row.number, "date": row.date, "recipient": row.recipient,
        "state": row.state.as_str(), "tries": row.tries, "queued_at": row.queued_at.to_string(),
        "due_at": time(row.due_at), "tried_at": time(row.tried_at), "done_at": time(row.done_at),
        "last_reply": row.last_reply, "message_id": row.message_id,
    })
}

async fn retry(works: &Works, which: &Which) -> Result<(), AppError> {
    let now = works.clock.now();
    let mut rows = 0;
    for id in targets(which) {
        rows += works.store.retry_deliveries(id, now).await?;
    }
    if rows == 0 {
        return Err(nothing(
            "không có thư nào đang hoãn hay không gửi được; muốn gửi lại thư đã gửi, dùng `diembao digest TÊN --resend ĐỊA_CHỈ`",
        ));
    }
    // Whoever asks for a try has mended something.
    Gate::open_now(&works.store).await?;
    out::line(&format!(
        "{rows} thư sẽ được gửi lại ngay khi dịch vụ chạy; không có dịch vụ thì chạy `diembao digest TÊN --send`."
    ));
    Ok(())
}

async fn cancel(works: &Works, which: &Which) -> Result<(), AppError> {
    let now = works.clock.now();
    let mut rows = 0;
    for id in targets(which) {
        rows += works.store.cancel_deliveries(id, now).await?;
    }
    if rows == 0 {
        return Err(nothing("không có thư nào đang chờ để hủy"));
    }
    out::line(&format!(
        "Đã hủy {rows} thư. Đổi ý thì dùng `diembao outbox retry`."
    ));
    Ok(())
}

/// Who left what, the latest first.
async fn left(args: &Args, works: &Works) -> Result<(), AppError> {
    let leavers = works.store.leavers(None).await?;
    if args.json {
        for leaver in &leavers {
            out::json(&json!({
                "digest": leaver.digest, "recipient": leaver.recipient,
                "left_at": leaver.left_at.to_string(),
            }));
        }
        return Ok(());
    }
    if leavers.is_empty() {
        out::line("Chưa có ai tự ngừng nhận.");
        return Ok(());
    }
    let zone = works.setup().config.daemon.time_zone.clone();
    let cells = |leaver: &Leaver| {
        let at = leaver.left_at.to_zoned(zone.clone());
        vec![
            leaver.recipient.clone(),
            leaver.digest.to_string(),
            at.strftime("%H:%M %d/%m/%Y").to_string(),
        ]
    };
    out::table(
        &["Người nhận", "Bản tin", "Ngừng từ"],
        leavers.iter().map(cells),
    );
    Ok(())
}

async fn rejoin(works: &Works, address: &str, digest: Option<&str>) -> Result<(), AppError> {
    let now = works.clock.now();
    let mut back = 0;
    for leaver in works.store.leavers(None).await? {
        let meant = leaver.recipient.eq_ignore_ascii_case(address)
            && digest.is_none_or(|name| leaver.digest.as_str() == name);
        if !meant || !works.store.rejoin(&leaver.digest, address, now).await? {
            continue;
        }
        back += 1;
        out::line(&format!(
            "{} nhận lại {} từ bản kế tiếp.",
            out::safe(&leaver.recipient),
            leaver.digest
        ));
    }
    match back {
        0 => Err(nothing(&format!(
            "{address} không có trong danh sách ngừng nhận; xem `diembao outbox left`"
        ))),
        _ => Ok(()),
    }
}

/// `None` stands for all.
fn targets(which: &Which) -> Vec<Option<DeliveryId>> {
    if which.all {
        return vec![None];
    }
    which.ids.iter().map(|id| Some(DeliveryId(*id))).collect()
}

fn nothing(why: &str) -> AppError {
    AppError::Work(anyhow::anyhow!("{why}"))
}
