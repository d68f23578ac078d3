//! The two standard forms, read to the letter: nearly all dates are such, and need no patience.

use super::{Printed, YEARS, Zone, digits_time};
use jiff::tz::Offset;

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The decimal digits at `from`.
fn number(bytes: &[u8], from: usize, len: usize) -> Option<u64> {
    let digits = bytes.get(from..from + len)?;
    digits.iter().try_fold(0_u64, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// `Mon, 14 Sep 2026 08:30:00 +0700`, or with `GMT`.
pub(super) fn rfc2822(text: &str) -> Option<Printed> {
    let bytes = text.as_bytes();
    if !matches!(bytes.len(), 29 | 31)
        || [3, 4, 7, 11, 16, 19, 22, 25].map(|at| bytes[at]) != *b",    :: "
    {
        return None;
    }
    let number = |from, len| number(bytes, from, len);
    let month = MONTHS.iter().position(|month| bytes[8..11] == month[..])? as u64 + 1;
    let date = super::date(number(12, 4)?, month, number(5, 2)?)?;
    let time = digits_time(number(17, 2)? * 10_000 + number(20, 2)? * 100 + number(23, 2)?)?;
    let zone = match &bytes[26..] {
        b"GMT" => Zone::Utc,
        [sign @ (b'+' | b'-'), ..] => {
            let (hours, minutes) = (number(27, 2)?, number(29, 2)?);
            let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
            Zone::Offset(Offset::from_seconds(if *sign == b'-' { -seconds } else { seconds }).ok()?)
        }
        _ => return None,
    };
    let printed = Printed {
        civil: date.to_datetime(time),
        zone,
        ambiguous: false,
    };
    YEARS.contains(&date.year()).then_some(printed)
}

/// `2026-09-14T08:30:00+07:00` to the letter, which most of Atom is: no need of the patient way.
pub(super) fn rfc3339(text: &str) -> Option<Printed> {
    let bytes = text.as_bytes();
    if !matches!(bytes.len(), 20 | 25) || [4, 7, 10, 13, 16].map(|at| bytes[at]) != *b"--T::" {
        return None;
    }
    let number = |from, len| number(bytes, from, len);
    let date = super::date(number(0, 4)?, number(5, 2)?, number(8, 2)?)?;
    let time = digits_time(number(11, 2)? * 10_000 + number(14, 2)? * 100 + number(17, 2)?)?;
    let zone = match (bytes[19], bytes.get(22)) {
        (b'Z', None) => Zone::Utc,
        (sign @ (b'+' | b'-'), Some(b':')) => {
            let seconds = i32::try_from(number(20, 2)? * 3600 + number(23, 2)? * 60).ok()?;
            Zone::Offset(Offset::from_seconds(if sign == b'-' { -seconds } else { seconds }).ok()?)
        }
        _ => return None,
    };
    let printed = Printed {
        civil: date.to_datetime(time),
        zone,
        ambiguous: false,
    };
    YEARS.contains(&date.year()).then_some(printed)
}
