//! The listener: connections bounded in number and patience, answered by the routes.

use super::room::Room;
use super::{
    articles, editions, feeds, guard, health, hooks, leave, months, page, search, sources, topics,
};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections open at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 256;
/// For a request's head, from its first byte or from the answer before it.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// For answers under way when the room closes.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);
/// Before listening is tried again after the kernel refused a connection (no descriptors left).
const BREATH: Duration = Duration::from_millis(200);

/// Serves the room until `close` comes to its end; answers under way get a few seconds more.
pub async fn serve(room: Arc<Room>, listener: TcpListener, close: impl Future<Output = ()>) {
    let app = app(room);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut guests = JoinSet::new();
    tokio::pin!(close);
    loop {
        let place = tokio::select! {
            () = &mut close => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let stream = tokio::select! {
            () = &mut close => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(err) => {
                    tracing::warn!(error = %err, "a connection to the reading room failed");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
        };
        let guest = graceful.watch(connection(stream, app.clone()));
        guests.spawn(async move {
            // A guest who breaks off is no event.
            let _ = guest.await;
            drop(place);
        });
        while guests.try_join_next().is_some() {}
    }
    if tokio::time::timeout(CLOSE_WITHIN, graceful.shutdown())
        .await
        .is_err()
    {
        guests.shutdown().await;
    }
}

fn connection(
    stream: TcpStream,
    app: Router,
) -> hyper::server::conn::http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
}

/// All routes behind the guard.
pub(super) fn app(room: Arc<Room>) -> Router {
    let style = room.templates.style_name.clone();
    let routes = Router::new()
        .route("/", get(editions::newest))
        .route("/ban-tin", get(editions::all))
        .route("/ban-tin/{digest}/{number}", get(editions::one))
        .route(
            "/ban-tin/{digest}/{number}/viec/{nth}",
            get(editions::story),
        )
        .route("/thang/{month}", get(editions::month))
        .route("/bai/{id}", get(articles::one))
        .route("/tim", get(search::page))
        .route("/chu-de", get(topics::topics))
        .route("/chu-de/{key}", get(topics::topic))
        .route("/tinh", get(topics::provinces))
        .route("/tinh/{key}", get(topics::province))
        .route("/nguon", get(sources::page))
        .route("/bao-cao/{month}", get(months::page))
        .route("/feed/ban-tin.atom", get(feeds::editions))
        .route("/feed/chu-de/{key}", get(feeds::topic))
        .route("/feed/tim.atom", get(feeds::search))
        .route("/ngung-nhan/{token}", get(leave::ask).post(leave::leave))
        .route("/websub/{token}", get(hooks::verify).post(hooks::deliver))
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .route(&style, get(stylesheet))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .with_state(Arc::clone(&room));
    // The guard stands around a router of its own, since it rewrites addresses before they are matched.
    Router::new()
        .fallback_service(routes)
        .layer(axum::middleware::from_fn_with_state(
            Arc::new(guard::Guard::new(room)),
            guard::guard,
        ))
}

async fn stylesheet() -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/css; charset=utf-8"),
        ),
        // Its name changes with its text.
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, page::STYLE).into_response()
}

async fn nothing(State(room): State<Arc<Room>>, form: page::Form, _: Request) -> Response {
    room.show(form, Err(page::Trouble::NotFound))
}
