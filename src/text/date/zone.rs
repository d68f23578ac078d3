//! The zone of a printed date: names, offsets, and what only looks like one.

use super::{Zone, lex::Token};
use jiff::tz::Offset;

/// Zone names of RFC 822 and a few more, in hours from UTC.
const ZONES: [(&[&str], i32); 18] = [
    (&["gmt", "utc", "ut", "z", "wet"], 0),
    (&["met", "cet", "bst", "west"], 1),
    (&["mest", "cest", "eet"], 2),
    (&["msk", "eest"], 3),
    (&["msd"], 4),
    (&["ict", "wib"], 7),
    (&["sgt", "hkt", "cst8", "awst"], 8),
    (&["jst", "kst"], 9),
    (&["aest"], 10),
    (&["nzst"], 12),
    (&["adt"], -3),
    (&["at", "ast", "edt"], -4),
    (&["et", "est", "cdt"], -5),
    (&["ct", "cst", "mdt"], -6),
    (&["mt", "mst", "pdt"], -7),
    (&["pt", "pst", "akdt"], -8),
    (&["akst"], -9),
    (&["hst", "ht"], -10),
];

/// Places of zone names such as `Asia/Ho_Chi_Minh`.
const PLACES: [&str; 4] = ["ho_chi_minh", "saigon", "hanoi", "bangkok"];

/// Takes the zone: after the time of day, else a name anywhere.
pub(super) fn take_zone(tokens: &mut [Token], from: usize) -> Zone {
    let found = (from..tokens.len()).find_map(|at| {
        if let Some(zone) = named_zone(tokens, at) {
            return Some(zone);
        }
        // A sign is an offset only behind a time, and only the first thing behind it.
        let first = tokens[from..at]
            .iter()
            .all(|token| token.is('(') || token.is_half());
        (from > 0 && first).then(|| offset(tokens, at)).flatten()
    });
    let Some((zone, start, end)) = found else {
        return Zone::None;
    };
    tokens[start..end].fill(Token::Used);
    zone
}

fn named_zone(tokens: &[Token], at: usize) -> Option<(Zone, usize, usize)> {
    if tokens[at].is_word(&PLACES) {
        return Some((Zone::Offset(Offset::constant(7)), at, at + 1));
    }
    let (_, hours) = ZONES.iter().find(|(names, _)| tokens[at].is_word(names))?;
    if *hours != 0 {
        let offset = Offset::from_seconds(hours * 3600).ok()?;
        return Some((Zone::Offset(offset), at, at + 1));
    }
    let more = (at + 1 < tokens.len())
        .then(|| offset(tokens, at + 1))
        .flatten();
    Some(more.map_or((Zone::Utc, at, at + 1), |(zone, _, end)| (zone, at, end)))
}

/// `+0700`, `+07:00`, `+7`, `- 05`.
fn offset(tokens: &[Token], at: usize) -> Option<(Zone, usize, usize)> {
    let sign = match tokens.get(at)? {
        Token::Sign('+') => 1,
        Token::Sign('-' | '−') => -1,
        _ => return None,
    };
    let (value, digits) = tokens.get(at + 1)?.number()?;
    let mut end = at + 2;
    let (hours, minutes) = match digits {
        1 | 2 => {
            let minutes = tokens
                .get(end)
                .filter(|token| token.is(':'))
                .and(tokens.get(end + 1))
                .and_then(Token::number);
            end += if minutes.is_some() { 2 } else { 0 };
            (value, minutes.map_or(0, |(minutes, _)| minutes))
        }
        3 | 4 => (value / 100, value % 100),
        _ => return None,
    };
    // "05:04 - 28/10/2021": a date follows, not a zone.
    let date_follows = tokens
        .get(end)
        .is_some_and(|token| token.is('/') || token.is('-') || token.is('.'))
        && tokens.get(end + 1).and_then(Token::number).is_some();
    if hours > 15 || minutes > 59 || date_follows {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    let offset = Offset::from_seconds(sign * seconds).ok()?;
    Some((Zone::Offset(offset), at, end))
}
