//! What HTTP headers say about time: freshness (RFC 9111 §4.2), Retry-After (RFC 9110 §10.2.3), dates (§5.6.7). Pure.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName, RETRY_AFTER};

use crate::model::PublisherHints;

/// No server means more; larger numbers are read as this (RFC 9111 §1.2.2 asks for a ceiling of at least 2³¹).
const MOST_SECONDS: u64 = 1 << 31;

/// How long the answer stays fresh, as told by `Cache-Control`, else `Expires`, less the `Age` it has already.
///
/// Nothing said gives `None`; "do not reuse" (`no-cache`, `no-store`, an unreadable value) gives 0 seconds.
pub(super) fn hints(headers: &HeaderMap, now: Timestamp) -> PublisherHints {
    let lifetime = cache_control(headers).or_else(|| expires(headers, now));
    let age = text(headers, AGE).and_then(seconds).unwrap_or(0);
    let fresh_for_s = lifetime.map(|s| u32::try_from(s.saturating_sub(age)).unwrap_or(u32::MAX));
    PublisherHints {
        fresh_for_s,
        ..PublisherHints::default()
    }
}

/// When the server wants to be asked again; `None` if it does not say, or not readably.
///
/// A date is moved by the difference between its clock and ours, where the answer carries its `Date`.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let value = text(headers, RETRY_AFTER)?;
    if let Some(delay) = seconds(value) {
        return after(now, delay);
    }
    let named = http_date(value)?;
    let skew =
        server_date(headers).map_or(SignedDuration::ZERO, |theirs| now.duration_since(theirs));
    Some(named.checked_add(skew).unwrap_or(named))
}

/// `Date`: the server's clock.
pub(super) fn server_date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(text(headers, DATE)?)
}

/// `max-age` in seconds; 0 where reuse is forbidden or the value is unreadable; `None` where neither is said.
fn cache_control(headers: &HeaderMap) -> Option<u64> {
    let mut max_age = None;
    for line in headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|v| v.to_str().ok())
    {
        for directive in line.split(',').map(str::trim) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                // With arguments, no-cache speaks of those header fields only (RFC 9111 §5.2.2.4).
                "no-cache" if value.is_empty() => return Some(0),
                "no-store" => return Some(0),
                // Of contradicting values the first counts (RFC 9111 §4.2.1). s-maxage is for shared caches.
                "max-age" if max_age.is_none() => {
                    max_age = Some(seconds(value.trim().trim_matches('"')).unwrap_or(0))
                }
                _ => {}
            }
        }
    }
    max_age
}

/// `Expires` less `Date`; an unreadable date such as `0` or `-1` means "expired" (RFC 9111 §5.3).
fn expires(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let value = text(headers, EXPIRES)?;
    let Some(until) = http_date(value) else {
        return Some(0);
    };
    let from = server_date(headers).unwrap_or(now);
    Some(
        u64::try_from(until.duration_since(from).as_secs())
            .unwrap_or(0)
            .min(MOST_SECONDS),
    )
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Delta-seconds: digits only; what is too large is the ceiling.
fn seconds(value: &str) -> Option<u64> {
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(
        value
            .parse::<u64>()
            .map_or(MOST_SECONDS, |s| s.min(MOST_SECONDS)),
    )
}

fn after(now: Timestamp, delay_s: u64) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_secs(i64::try_from(delay_s).ok()?))
        .ok()
}

/// A date in any of the three forms of RFC 9110 §5.6.7. The weekday is not looked at: some servers get it wrong.
fn http_date(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    if value.len() > 64 {
        return None;
    }
    let (form, rest) = match value.split_once(',') {
        Some((_, rest)) if rest.contains('-') => ("%d-%b-%y %H:%M:%S", zoneless(rest)?),
        Some((_, rest)) => ("%d %b %Y %H:%M:%S", zoneless(rest)?),
        None => ("%b %e %H:%M:%S %Y", value.split_once(' ')?.1.trim()),
    };
    let utc = civil::DateTime::strptime(form, rest).ok()?;
    Some(utc.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The date without its zone, which must be the one HTTP allows, in one of the spellings servers have for it.
fn zoneless(rest: &str) -> Option<&str> {
    let (date, zone) = rest.trim().rsplit_once(' ')?;
    matches!(zone, "GMT" | "UTC" | "+0000").then_some(date.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    const NOW: &str = "2026-11-22T23:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn freshness_is_read_as_rfc_9111_says() {
        let table: &[(&[(&'static str, &str)], Option<u32>)] = &[
            (&[], None),
            (&[("cache-control", "public")], None),
            (&[("cache-control", "max-age=600")], Some(600)),
            (&[("cache-control", "public, Max-Age=\"600\"")], Some(600)),
            (
                &[("cache-control", "max-age=600"), ("age", "100")],
                Some(500),
            ),
            (
                &[("cache-control", "max-age=600"), ("age", "1000")],
                Some(0),
            ),
            (&[("cache-control", "max-age=600, max-age=10")], Some(600)),
            (&[("cache-control", "max-age=600, no-cache")], Some(0)),
            (
                &[("cache-control", "max-age=600, no-cache=\"set-cookie\"")],
                Some(600),
            ),
            (&[("cache-control", "no-store")], Some(0)),
            (&[("cache-control", "max-age=abc")], Some(0)),
            (&[("cache-control", "max-age=-5")], Some(0)),
            (
                &[("cache-control", "max-age=99999999999999999999999")],
                Some(1 << 31),
            ),
            (&[("cache-control", "s-maxage=900")], None),
            (
                &[("cache-control", "public"), ("cache-control", "max-age=30")],
                Some(30),
            ),
            (&[("expires", "Sun, 22 Nov 2026 23:10:00 GMT")], Some(600)),
            (
                &[
                    ("expires", "Sun, 22 Nov 2026 23:10:00 GMT"),
                    ("date", "Sun, 22 Nov 2026 23:05:00 GMT"),
                ],
                Some(300),
            ),
            (&[("expires", "0")], Some(0)),
            (&[("expires", "Thu, 01 Jan 1970 00:00:00 GMT")], Some(0)),
            (
                &[
                    ("expires", "Sun, 22 Nov 2026 23:10:00 GMT"),
                    ("cache-control", "max-age=5"),
                ],
                Some(5),
            ),
        ];
        for (lines, want) in table {
            assert_eq!(
                hints(&headers(lines), now()).fresh_for_s,
                *want,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        let table: &[(&[(&'static str, &str)], Option<&str>)] = &[
            (&[], None),
            (&[("retry-after", "120")], Some("2026-11-22T23:02:00Z")),
            (&[("retry-after", " 0 ")], Some(NOW)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "soon")], None),
            (
                &[("retry-after", "Mon, 23 Nov 2026 01:00:00 GMT")],
                Some("2026-11-23T01:00:00Z"),
            ),
            // Their clock is an hour ahead of ours: what counts is that they ask for half an hour.
            (
                &[
                    ("retry-after", "Mon, 23 Nov 2026 00:30:00 GMT"),
                    ("date", "Mon, 23 Nov 2026 00:00:00 GMT"),
                ],
                Some("2026-11-22T23:30:00Z"),
            ),
        ];
        for (lines, want) in table {
            let want = want.map(|t| t.parse::<Timestamp>().unwrap());
            assert_eq!(retry_after(&headers(lines), now()), want, "{lines:?}");
        }
        assert!(
            retry_after(&headers(&[("retry-after", "999999999999999999999")]), now()).is_some()
        );
    }

    #[test]
    fn the_three_forms_of_dates() {
        let want: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Mon, 06 Nov 1994 08:49:37 UTC",
            "Sun, 6 Nov 1994 08:49:37 +0000",
        ] {
            assert_eq!(http_date(text), Some(want), "{text}");
        }
        for text in [
            "",
            "Sun",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 ICT",
            "2026-11-22T23:00:00Z",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_survived(value in "[ -~]{0,80}") {
            let lines = ["cache-control", "expires", "age", "date", "retry-after"].map(|name| (name, value.as_str()));
            hints(&headers(&lines), now());
            retry_after(&headers(&lines), now());
        }
    }
}
