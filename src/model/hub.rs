//! Hubs that push what a feed prints to whoever subscribed (W3C WebSub, 2018).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// The hubs that a document names, as it names them: nothing of it is believed yet (W3C WebSub §4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubLinks {
    /// `rel=hub`, in their order; few.
    pub hubs: Vec<Url>,
    /// `rel=self`: the name under which the hub knows the document.
    pub topic: Option<Url>,
}

/// The hub at which a feed can be subscribed to, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubLink {
    /// Where to ask.
    pub hub: Url,
    /// What to ask for.
    pub topic: Url,
}

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HubState {
    /// The feed names a hub; it was not asked, or cannot be reached, or the lease ended.
    Named,
    /// The hub took the request and has not yet verified it.
    Asked,
    /// Verified, and the lease runs.
    Live,
    /// The hub does not want us, or we do not want it.
    Refused,
}

impl HubState {
    /// Every state, in the order of declaration.
    pub const ALL: [Self; 4] = [Self::Named, Self::Asked, Self::Live, Self::Refused];

    /// The stable word, as stored and printed by `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Asked => "asked",
            Self::Live => "live",
            Self::Refused => "refused",
        }
    }

    /// The state of a stored word; `None` for a word no version of ours wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What admins read, in Vietnamese.
    pub fn in_vietnamese(self) -> &'static str {
        match self {
            Self::Named => "chưa đăng ký được",
            Self::Asked => "chờ hub xác nhận",
            Self::Live => "đang nhận",
            Self::Refused => "bị từ chối",
        }
    }
}

/// A feed's subscription as admins see it: without what only we and the hub may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where and what.
    pub link: HubLink,
    /// How it stands.
    pub state: HubState,
    /// When the hub was last asked.
    pub asked_at: Option<Timestamp>,
    /// When the lease ends.
    pub lease_until: Option<Timestamp>,
    /// When something is to be done next; `None` while the feed is switched off.
    pub due_at: Option<Timestamp>,
    /// The last delivery that was read.
    pub delivered_at: Option<Timestamp>,
    /// Deliveries that were read.
    pub deliveries: u32,
    /// Deliveries passed over: forged, or no feed.
    pub ignored: u32,
    /// Polls that found what the hub had not delivered.
    pub misses: u32,
    /// Why it stands as it does, in one English line.
    pub detail: Option<String>,
}
