//! `/healthz`: whether the pages can be made, and `/metrics`: figures, for whoever watches over the service.

use super::room::Room;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// 200 where the store answers, else 503.
pub(super) async fn healthz(State(room): State<Arc<Room>>) -> Response {
    match room.shelf().leave_key().await {
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

/// The figures in the form of Prometheus; the daemon makes them.
pub(super) async fn metrics(State(room): State<Arc<Room>>) -> Response {
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    )];
    match room.figures().await {
        Ok(text) => (kind, text).into_response(),
        Err(err) => {
            tracing::error!(error = %err, "the metrics cannot be made");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
