//! `/healthz`: whether the pages can be made, for whoever watches over the service.

use super::room::Room;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// 200 where the store answers, else 503.
pub(super) async fn healthz(State(room): State<Arc<Room>>) -> Response {
    match room.shelf().edition_months().await {
        Ok(_) => "ok\n".into_response(),
        Err(err) => {
            tracing::error!(error = %err, "the reading room cannot read its data");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store cannot be read\n",
            )
                .into_response()
        }
    }
}
