//! Taking leave of a digest: a page that asks, and the POST that does it (RFC 8058). Never by GET: mail scanners follow
//! every link.

use super::page::{Form, Page, Trouble};
use super::room::Room;
use crate::edition::leave::{self, Wish};
use crate::store::Left;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;

/// `GET /ngung-nhan/TOKEN`: asks, and changes nothing.
pub(super) async fn ask(
    State(room): State<Arc<Room>>,
    form: Form,
    Path(token): Path<String>,
) -> Response {
    let page = async {
        let Some(wish) = wish(&room, &token).await? else {
            return refused();
        };
        let data = json!({
            "step": "ask", "token": token, "recipient": wish.recipient,
            "digest": room.office().title_of(&wish.digest),
        });
        Page::new("leave.html", "Ngừng nhận thư", &data)
    };
    let page = page.await;
    room.show(form, page)
}

/// `POST /ngung-nhan/TOKEN`: takes effect at once. The body says nothing that the token does not say.
pub(super) async fn leave(
    State(room): State<Arc<Room>>,
    form: Form,
    Path(token): Path<String>,
) -> Response {
    let page = async {
        let Some(wish) = wish(&room, &token).await? else {
            return refused();
        };
        let office = room.office();
        let left = room
            .desk()
            .leave(&wish.digest, &wish.recipient, wish.issued, office.now)
            .await?;
        let (step, status) = match left {
            Left::Now => ("done", StatusCode::OK),
            Left::Before => ("before", StatusCode::CONFLICT),
            Left::Overtaken => return refused(),
        };
        if left == Left::Now {
            tracing::info!(digest = wish.digest.as_str(), "a recipient took leave");
        }
        let data = json!({
            "step": step, "recipient": wish.recipient, "digest": office.title_of(&wish.digest),
        });
        Ok(Page::new("leave.html", "Ngừng nhận thư", &data)?.status(status))
    };
    let page = page.await;
    room.show(form, page)
}

/// What a token asks for, if it is ours, not too old, and of somebody who is to get the digest.
async fn wish(room: &Room, token: &str) -> Result<Option<Wish>, Trouble> {
    let Some(key) = room.shelf().leave_key().await? else {
        return Ok(None); // No mail ever carried such an address.
    };
    let office = room.office();
    let known = office.config.digests.iter().flat_map(|digest| {
        let recipients = digest.recipients.iter();
        recipients.map(|recipient| (&digest.name, recipient.address.as_str()))
    });
    Ok(leave::read(&key, token, known, office.now))
}

fn refused() -> Result<Page, Trouble> {
    let page = Page::new(
        "leave.html",
        "Ngừng nhận thư",
        &json!({ "step": "refused" }),
    )?;
    Ok(page.status(StatusCode::FORBIDDEN))
}
