//! What hubs send (W3C WebSub §5.3, §7): the address of a subscription, verified by GET and delivered to by POST.
//!
//! Strangers write here and nowhere else, and nothing is believed here: an unguessable address says which subscription is
//! meant, what was sent is put into a bounded box, and the daemon looks whose word it is.

use super::intent::{Intent, asked};
use super::room::Room;
use crate::model::FeedId;
use crate::store::{Caller, StoreError};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore, mpsc};

/// Deliveries in the box, those on their way in counted: with [`BODY_BYTES`] what they may weigh together.
const PLACES: usize = 8;
/// Bytes of one delivery. A larger document is left to the polls.
const BODY_BYTES: usize = 2 << 20;
/// Deliveries for one feed in [`WINDOW`]: no paper prints so often.
const OFTEN: u32 = 60;
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// Feeds remembered for that; past it the window begins anew for all.
const REMEMBERED: usize = 4_096;
/// When to come again, in seconds, if the box is full.
const SOON: i64 = 30;
/// Decides whether an intent is ours: the daemon does.
pub type Verify = Box<dyn Fn(Intent) -> Verified + Send + Sync>;
/// Whether it is.
pub type Verified = Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send>>;

/// What the daemon does with what hubs send.
pub struct Hooks {
    /// Where deliveries go.
    pub inbox: Arc<Inbox>,
    /// Whose intent it is.
    pub verify: Verify,
}

/// What a hub delivered, not yet looked at.
pub struct Delivery {
    /// Which subscription's address was called.
    pub caller: Caller,
    /// The document, as it came.
    pub body: Vec<u8>,
    /// `Content-Type`, verbatim.
    pub content_type: Option<String>,
    /// `X-Hub-Signature`, verbatim.
    pub signature: Option<String>,
    /// Given back when the delivery has been dealt with.
    _place: OwnedSemaphorePermit,
}

/// What became of deliveries since the start.
#[derive(Debug, Default)]
pub struct Tally {
    /// Read like a polled document.
    pub read: AtomicU64,
    /// Without a signature that fits: passed over.
    pub forged: AtomicU64,
    /// Signed, and no feed: passed over.
    pub unread: AtomicU64,
    /// Told to come again: too many at once, or of one feed.
    pub put_off: AtomicU64,
    /// Too large.
    pub too_large: AtomicU64,
}

/// The box into which deliveries are put and out of which the daemon takes them.
pub struct Inbox {
    places: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<Delivery>,
    receiver: AsyncMutex<mpsc::UnboundedReceiver<Delivery>>,
    /// When the window began, and how many came for each feed since.
    lately: Mutex<(Timestamp, HashMap<FeedId, u32>)>,
    /// What became of them.
    pub tally: Tally,
}

impl Default for Inbox {
    fn default() -> Self {
        // Bounded by the places: each delivery holds one.
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            sender,
            receiver: AsyncMutex::new(receiver),
            lately: Mutex::new((Timestamp::UNIX_EPOCH, HashMap::new())),
            tally: Tally::default(),
        }
    }
}

impl Inbox {
    /// The next delivery, once there is one. One caller at a time; may be dropped while it waits.
    pub async fn next(&self) -> Option<Delivery> {
        self.receiver.lock().await.recv().await
    }

    /// The next delivery, if there is one already.
    pub async fn waiting(&self) -> Option<Delivery> {
        self.receiver.lock().await.try_recv().ok()
    }

    /// A place for a delivery of this feed, or in how many seconds to come again.
    fn place(
        &self,
        feed: FeedId,
        now: Timestamp,
    ) -> Result<OwnedSemaphorePermit, (StatusCode, i64)> {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, counts) = &mut *lately;
        let passed = now.duration_since(*since);
        if passed.abs() >= WINDOW || counts.len() >= REMEMBERED {
            (*since, *counts) = (now, HashMap::new());
        }
        let count = counts.entry(feed).or_default();
        if *count >= OFTEN {
            let left = (WINDOW - now.duration_since(*since)).as_secs().max(1);
            return Err((StatusCode::TOO_MANY_REQUESTS, left));
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, SOON))?;
        *count += 1;
        Ok(place)
    }
}

/// `GET /websub/TOKEN?hub.mode=…`: the challenge, where the daemon agrees; else 404 (§5.3.1).
pub(super) async fn verify(
    State(room): State<Arc<Room>>,
    method: Method,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let nothing = || StatusCode::NOT_FOUND.into_response();
    // A HEAD asks for no challenge, and starts no lease.
    if method != Method::GET || room.office().config.web.hooks().is_none() {
        return nothing();
    }
    let Some((intent, challenge)) = asked(token, query.as_deref().unwrap_or_default()) else {
        return nothing();
    };
    match (room.watch.hubs.verify)(intent).await {
        Ok(true) => {
            // Never as something that a browser would run.
            let kind = HeaderValue::from_static("text/plain; charset=utf-8");
            ([(header::CONTENT_TYPE, kind)], challenge).into_response()
        }
        Ok(false) => nothing(),
        Err(err) => {
            tracing::error!(error = %err, "a hub's question could not be looked up");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// `POST /websub/TOKEN`: taken (202), whatever it is worth; 410 where nothing is subscribed to under this address (§7), 413
/// if too large, 429 and 503 with the time to come again.
pub(super) async fn deliver(
    State(room): State<Arc<Room>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let office = room.office();
    if office.config.web.hooks().is_none() {
        return StatusCode::GONE.into_response();
    }
    let caller = match room.shelf().caller(&token).await {
        Ok(Some(caller)) if caller.secret.is_some() => caller,
        Ok(_) => return StatusCode::GONE.into_response(),
        Err(err) => {
            tracing::error!(error = %err, "a hub's delivery could not be looked up");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let inbox = &room.watch.hubs.inbox;
    let place = match inbox.place(caller.feed, office.now) {
        Ok(place) => place,
        Err((status, seconds)) => {
            inbox.tally.put_off.fetch_add(1, Ordering::Relaxed);
            return (status, [(header::RETRY_AFTER, HeaderValue::from(seconds))]).into_response();
        }
    };
    let text = |name: HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.chars().take(256).collect())
    };
    let body = match whole(&headers, body).await {
        Ok(body) => body,
        Err(status) => {
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                inbox.tally.too_large.fetch_add(1, Ordering::Relaxed);
            }
            return status.into_response();
        }
    };
    let delivery = Delivery {
        caller,
        body,
        content_type: text(header::CONTENT_TYPE),
        signature: text(HeaderName::from_static("x-hub-signature")),
        _place: place,
    };
    match inbox.sender.send(delivery) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The body, if it is not too large and comes plain: the signature is over the bytes of the body itself.
async fn whole(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, StatusCode> {
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding != "identity")
    {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        if bytes.len() + chunk.len() > BODY_BYTES {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_feed_and_no_crowd_fills_the_box() {
        let inbox = Inbox::default();
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(600 + minutes);
        let held: Vec<_> = (0..8)
            .map(|n| inbox.place(FeedId(n), at(0)).unwrap())
            .collect();
        let refused = inbox.place(FeedId(9), at(0)).unwrap_err();
        assert_eq!(refused, (StatusCode::SERVICE_UNAVAILABLE, SOON));
        drop(held);
        for _ in 1..OFTEN {
            drop(inbox.place(FeedId(1), at(30)).unwrap());
        }
        let refused = inbox.place(FeedId(1), at(30)).unwrap_err();
        assert_eq!(refused, (StatusCode::TOO_MANY_REQUESTS, 1800));
        assert!(
            inbox.place(FeedId(2), at(30)).is_ok(),
            "another feed's box is its own"
        );
        assert!(inbox.place(FeedId(1), at(61)).is_ok());
    }
}
