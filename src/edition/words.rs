//! How the mail writes dates, times and counts: the Vietnamese of an office.

use jiff::{
    Timestamp,
    civil::{Date, Weekday},
    tz::{Offset, TimeZone},
};

/// The zone of that name; that of Viet Nam where it is unknown here (an edition may be read on another machine).
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|_| TimeZone::fixed(Offset::constant(7)))
}

/// "thứ Hai", "Chủ nhật".
pub(crate) fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "thứ Hai",
        Weekday::Tuesday => "thứ Ba",
        Weekday::Wednesday => "thứ Tư",
        Weekday::Thursday => "thứ Năm",
        Weekday::Friday => "thứ Sáu",
        Weekday::Saturday => "thứ Bảy",
        Weekday::Sunday => "Chủ nhật",
    }
}

/// "T2", "CN".
pub(crate) fn weekday_short(date: Date) -> &'static str {
    ["T2", "T3", "T4", "T5", "T6", "T7", "CN"]
        [usize::from(date.weekday().to_monday_zero_offset().unsigned_abs()) % 7]
}

/// "Thứ Hai, ngày 23 tháng 11 năm 2026".
pub(crate) fn long_date(date: Date) -> String {
    let weekday = weekday(date);
    let mut letters = weekday.chars();
    let capital: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    format!(
        "{capital}, ngày {} tháng {} năm {}",
        date.day(),
        date.month(),
        date.year()
    )
}

/// "ngày 23 tháng 11 năm 2026", as a letter is dated: days below 10 and the months 1 and 2 with a 0 before them, so
/// that nothing can be put in front (Nghị định 30/2020/NĐ-CP).
pub(super) fn day_of_letter(date: Date) -> String {
    let month = match date.month() {
        m @ 1..=2 => format!("0{m}"),
        m => m.to_string(),
    };
    format!("ngày {:02} tháng {month} năm {}", date.day(), date.year())
}

/// "23/11/2026".
pub(crate) fn short_date(date: Date) -> String {
    format!("{}/{}/{}", date.day(), date.month(), date.year())
}

/// "05:04 ngày 13/10", with the year where it is not that of `today`.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone, today: Date) -> String {
    let local = at.to_zoned(zone.clone());
    let year = if local.year() == today.year() {
        String::new()
    } else {
        format!("/{}", local.year())
    };
    format!(
        "{:02}:{:02} ngày {}/{}{year}",
        local.hour(),
        local.minute(),
        local.day(),
        local.month()
    )
}

/// "06:30 ngày 23/11/2026 (giờ Việt Nam)".
pub(crate) fn moment_in_full(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    format!(
        "{:02}:{:02} ngày {} ({})",
        local.hour(),
        local.minute(),
        short_date(local.date()),
        zone_words(at, zone)
    )
}

/// "giờ Việt Nam", or the offset elsewhere.
pub(crate) fn zone_words(at: Timestamp, zone: &TimeZone) -> String {
    match zone.to_offset(at).seconds() {
        25_200 => "giờ Việt Nam".to_owned(),
        seconds => {
            let sign = if seconds < 0 { '-' } else { '+' };
            let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
            if minutes == 0 {
                format!("giờ UTC{sign}{hours}")
            } else {
                format!("giờ UTC{sign}{hours}:{minutes:02}")
            }
        }
    }
}

/// 1527 as "1.527".
pub(crate) fn number(n: u32) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_are_vietnamese() {
        let date = Date::constant(2026, 11, 22);
        assert_eq!(long_date(date), "Chủ nhật, ngày 22 tháng 11 năm 2026");
        assert_eq!(weekday_short(date), "CN");
        let first = Date::constant(2027, 2, 3);
        assert_eq!(day_of_letter(first), "ngày 03 tháng 02 năm 2027");
        assert_eq!(day_of_letter(date), "ngày 22 tháng 11 năm 2026");
        let at: Timestamp = "2025-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(
            moment(at, &zone("Asia/Ho_Chi_Minh"), date),
            "06:30 ngày 1/1"
        );
        assert_eq!(moment(at, &TimeZone::UTC, date), "23:30 ngày 31/12/2025");
        assert_eq!(zone_words(at, &zone("Asia/Ho_Chi_Minh")), "giờ Việt Nam");
        assert_eq!(zone_words(at, &zone("Asia/Kolkata")), "giờ UTC+5:30");
        assert_eq!(
            [0, 999, 1527, 1_000_000].map(number),
            ["0", "999", "1.527", "1.000.000"]
        );
    }
}
