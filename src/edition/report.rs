//! The admin's mail: what needs a person, by kind, each kind with what to do about it.

use super::{TemplateError, render::page, safe, words, wrap};
use crate::model::Rendered;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

const HTML: &str = include_str!("../../config/templates/admin.html.j2");
const TEXT: &str = include_str!("../../config/templates/admin.txt.j2");
/// Lines of one kind; the rest is counted.
const SHOWN: usize = 25;

/// A kind of trouble, most pressing first: the order of the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// An edition is not out though its time has passed.
    Late,
    /// No source at all could be read.
    Blind,
    /// The disk fills up.
    Disk,
    /// A change of the config was refused.
    Reload,
    /// Recipients that the mail server refuses, mails that could not be brought.
    Refused,
    /// Mails that wait because the server does not take them.
    Waiting,
    /// Recipients who took leave of a digest by themselves.
    Left,
    /// A template is broken.
    Template,
    /// A feed is gone for good.
    Retired,
    /// A feed fails for days.
    Failing,
    /// A feed answers and is of no use any more.
    Drift,
    /// Articles that came nearest to being taken.
    NearMiss,
}

impl Concern {
    fn heading(self) -> &'static str {
        match self {
            Self::Late => "Bản điểm báo chưa ra đúng giờ",
            Self::Blind => "Không đọc được nguồn tin nào",
            Self::Disk => "Ổ đĩa sắp đầy",
            Self::Reload => "Thiết lập mới không được nhận",
            Self::Refused => "Thư không gửi được",
            Self::Waiting => "Thư đang chờ, máy chủ thư chưa nhận",
            Self::Left => "Người nhận tự ngừng nhận",
            Self::Template => "Mẫu thư có lỗi",
            Self::Retired => "Nguồn tin đã bị gỡ hẳn",
            Self::Failing => "Nguồn tin lỗi nhiều ngày",
            Self::Drift => "Nguồn tin vẫn trả lời nhưng không còn dùng được",
            Self::NearMiss => "Bài sát ngưỡng mà không vào bản tin",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Late => "Xem: diembao status; journalctl -u diembao -e.",
            Self::Blind => {
                "Thường do mạng hoặc DNS của máy chủ. Xem: diembao feeds list; thử một nguồn: diembao feeds test ĐỊA_CHỈ."
            }
            Self::Disk => {
                "Dọn bớt hoặc mở rộng ổ đĩa. Đĩa đầy thì tin mới không lưu được; tin đã lưu không mất."
            }
            Self::Reload => {
                "Thiết lập cũ vẫn đang dùng. Sửa tệp, chạy diembao check cho hết lỗi, rồi: systemctl reload diembao."
            }
            Self::Refused => {
                "Sửa hoặc bỏ địa chỉ trong diembao.toml. Xem lời máy chủ: diembao outbox list; gửi lại: diembao outbox retry MÃ."
            }
            Self::Waiting => {
                "Chương trình tự thử lại trong năm ngày. Sửa xong máy chủ thư có thể gửi ngay: diembao outbox retry --all."
            }
            Self::Left => {
                "Nên bỏ địa chỉ khỏi diembao.toml. Bấm nhầm thì cho nhận lại: diembao outbox rejoin ĐỊA_CHỈ."
            }
            Self::Template => {
                "Thư vẫn ra bằng mẫu có sẵn. Xem lỗi ở dòng nào: diembao digest template check."
            }
            Self::Retired => {
                "Báo trả lời 410: địa chỉ này không còn. Tìm địa chỉ mới trên trang của báo rồi sửa feeds.toml."
            }
            Self::Failing => {
                "Xem lý do đầy đủ: diembao feeds show NGUỒN; thử lại: diembao feeds test NGUỒN."
            }
            Self::Drift => {
                "Mở trang của báo xem nguồn tin đã chuyển đi đâu: diembao feeds discover TRANG_CHỦ; rồi sửa feeds.toml."
            }
            Self::NearMiss => {
                "Đưa một bài vào kỳ tới: diembao mark SỐ relevant; hoặc bổ sung topics.toml."
            }
        }
    }
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Names it from day to day, so that it is told as new once.
    pub key: String,
    /// Its kind.
    pub concern: Concern,
    /// In Vietnamese, one line.
    pub text: String,
}

#[derive(Serialize)]
struct Item {
    text: String,
    is_new: bool,
}

#[derive(Serialize)]
struct Section {
    heading: &'static str,
    advice: &'static str,
    items: Vec<Item>,
    hidden: usize,
}

#[derive(Serialize)]
struct View {
    title: String,
    date_long: String,
    summary: String,
    sections: Vec<Section>,
    foot: String,
}

/// The mail of `date` about `troubles`, each with whether it is new. The same values give the same mail.
///
/// # Errors
/// None for the built-in templates, which the tests render.
pub fn report(
    troubles: &[(Trouble, bool)],
    date: Date,
    made_at: Timestamp,
    time_zone: &str,
) -> Result<Rendered, TemplateError> {
    let new = troubles.iter().filter(|(_, is_new)| *is_new).count();
    let all = troubles.len();
    let zone = words::zone(time_zone);
    let view = View {
        title: "Điểm báo: việc cần người quản trị".to_owned(),
        date_long: words::long_date(date),
        summary: format!("Có {all} mục cần xem, trong đó {new} mục mới."),
        sections: sections(troubles),
        foot: format!(
            "Thư tự động của diembao, mỗi ngày nhiều nhất một thư và chỉ khi có việc cần người xử lý. Lập lúc {}.",
            words::moment_in_full(made_at, &zone)
        ),
    };
    Ok(Rendered {
        subject: format!(
            "Điểm báo · {all} việc cần người quản trị · {} {}",
            words::weekday(date),
            words::short_date(date)
        ),
        html: page("admin.html.j2", HTML, &view)?,
        text: wrap::tidy(&page("admin.txt.j2", TEXT, &view)?),
    })
}

fn sections(troubles: &[(Trouble, bool)]) -> Vec<Section> {
    let mut sorted: Vec<&(Trouble, bool)> = troubles.iter().collect();
    sorted.sort_by_key(|(trouble, is_new)| (trouble.concern, !is_new));
    sorted
        .chunk_by(|one, next| one.0.concern == next.0.concern)
        .map(|group| Section {
            heading: group[0].0.concern.heading(),
            advice: group[0].0.concern.advice(),
            items: group
                .iter()
                .take(SHOWN)
                .map(|(trouble, is_new)| Item {
                    text: safe::line(&trouble.text),
                    is_new: *is_new,
                })
                .collect(),
            hidden: group.len().saturating_sub(SHOWN),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_this() {
        let trouble = |key: &str, concern, text: &str| Trouble {
            key: key.to_owned(),
            concern,
            text: text.to_owned(),
        };
        let troubles = [
            (
                trouble(
                    "a",
                    Concern::Failing,
                    "Báo Lai Châu (bao-lai-chau/home): máy chủ không trả lời kịp, từ 03:10 ngày 19/11",
                ),
                false,
            ),
            (
                trouble(
                    "b",
                    Concern::Refused,
                    "an@tinhuy.vn, hang-ngay số 290: 550 5.1.1 <b>unknown</b> user",
                ),
                true,
            ),
            (
                trouble("c", Concern::Disk, "Còn trống 210 MB ở /var/lib/diembao"),
                true,
            ),
        ];
        let at: Timestamp = "2026-11-23T07:30:02+07:00".parse().unwrap();
        let mail = report(
            &troubles,
            Date::constant(2026, 11, 23),
            at,
            "Asia/Ho_Chi_Minh",
        )
        .unwrap();
        assert!(
            !mail.html.contains("<b>unknown"),
            "what a server says is text"
        );
        insta::assert_snapshot!("admin_subject", mail.subject);
        insta::assert_snapshot!("admin_text", mail.text);
    }
}
