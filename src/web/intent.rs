//! The question of a hub (W3C WebSub §5.3, §5.2): do we want the subscription of this address? Pure.

use std::borrow::Cow;
use std::collections::HashMap;

/// Bytes of a challenge; it is sent back as it came.
const CHALLENGE_BYTES: usize = 1_024;

/// What a hub's GET is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Do we want the subscription?
    Subscribe,
    /// Do we want no more?
    Unsubscribe,
    /// The hub does not give it.
    Denied,
}

/// A hub's GET.
#[derive(Clone)]
pub struct Intent {
    /// The end of the address that was called.
    pub token: String,
    /// What about.
    pub mode: Mode,
    /// `hub.topic`, as it came.
    pub topic: String,
    /// `hub.lease_seconds`, if it is a number.
    pub lease_seconds: Option<i64>,
    /// `hub.reason` of a denial.
    pub reason: Option<String>,
}

/// What a query asks, and the challenge to be sent back (empty for a denial).
pub(super) fn asked(token: String, query: &str) -> Option<(Intent, String)> {
    let mut found: HashMap<Cow<'_, str>, Cow<'_, str>> = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        // Said twice, it is said by two.
        if name.starts_with("hub.") && found.insert(name, value).is_some() {
            return None;
        }
    }
    let mut take = |name: &str| found.remove(name).map(Cow::into_owned);
    let mode = match take("hub.mode")?.as_str() {
        "subscribe" => Mode::Subscribe,
        "unsubscribe" => Mode::Unsubscribe,
        "denied" => Mode::Denied,
        _ => return None,
    };
    let challenge = match mode {
        Mode::Denied => String::new(),
        _ => take("hub.challenge").filter(|challenge| challenge.len() <= CHALLENGE_BYTES)?,
    };
    let intent = Intent {
        token,
        mode,
        topic: take("hub.topic")?,
        lease_seconds: take("hub.lease_seconds").and_then(|text| text.parse().ok()),
        reason: take("hub.reason"),
    };
    Some((intent, challenge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_once_and_whole() {
        let read = |query: &str| asked("ma".to_owned(), query);
        let topic = "hub.topic=https%3A%2F%2Fbao.example%2Ftin.rss%3Fa%3D1%26b%3D2";
        let (intent, challenge) = read(&format!(
            "hub.mode=subscribe&{topic}&hub.challenge=a+b%3C&hub.lease_seconds=60&x=1&x=2"
        ))
        .unwrap();
        assert_eq!(intent.topic, "https://bao.example/tin.rss?a=1&b=2");
        assert_eq!(
            (intent.mode, intent.lease_seconds),
            (Mode::Subscribe, Some(60))
        );
        assert_eq!(challenge, "a b<");
        let (denied, _) = read(&format!("hub.mode=denied&{topic}&hub.reason=kh%C3%B4ng")).unwrap();
        assert_eq!(
            (denied.mode, denied.reason.as_deref()),
            (Mode::Denied, Some("không"))
        );
        for wrong in [
            String::new(),
            format!("hub.mode=subscribe&{topic}"),
            format!("hub.mode=publish&{topic}&hub.challenge=x"),
            "hub.mode=subscribe&hub.challenge=x".to_owned(),
            format!("hub.mode=subscribe&{topic}&{topic}&hub.challenge=x"),
            format!(
                "hub.mode=subscribe&{topic}&hub.challenge={}",
                "x".repeat(2000)
            ),
        ] {
            assert!(read(&wrong).is_none(), "{wrong}");
        }
    }
}
