//! The reading room beside the loops: opened, closed and moved as `[web] listen` says, also by a reload.

use super::watch::Heart;
use super::works::Works;
use super::{drift, hubs, metrics};
use crate::web::{self, Answer, Office, Room, Watch};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The daemon's loop; ends when `stop` turns true. A room that cannot open is tried again at each round and stops
/// nothing else.
pub async fn run(works: Works, heart: Heart, mut stop: watch::Receiver<bool>, beat: Duration) {
    let mut last_told = None;
    loop {
        heart.beat();
        if let Some(at) = works.setup().config.web.listen {
            match open(&works, at, &heart, stop.clone(), beat).await {
                Ok(()) => last_told = None,
                // Once, not at each round.
                Err(why) if last_told.as_ref() != Some(&why) => {
                    tracing::error!(why, "the reading room does not open; it is tried again");
                    last_told = Some(why);
                }
                Err(_) => {}
            }
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(beat) => {}
        }
    }
}

/// Serves at `at` until the daemon stops or the config names another place.
async fn open(
    works: &Works,
    at: SocketAddr,
    heart: &Heart,
    mut stop: watch::Receiver<bool>,
    beat: Duration,
) -> Result<(), String> {
    let dir = works
        .store
        .path()
        .parent()
        .unwrap_or(Path::new(""))
        .to_owned();
    let office = works.clone();
    let watched = watched(works);
    let office = move || Office {
        config: Arc::clone(&office.setup().config),
        now: office.clock.now(),
    };
    let room = Room::new(&dir, works.store.clone(), office, watched);
    let room = room.map_err(|err| err.to_string())?;
    let moved = async {
        while works.setup().config.web.listen == Some(at) {
            heart.beat();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(beat) => {}
            }
        }
    };
    let listener = TcpListener::bind(at).await;
    let listener = listener.map_err(|err| format!("listening at {at}: {err}"))?;
    tracing::info!(address = %at, "the reading room is open");
    web::serve(Arc::new(room), listener, moved).await;
    Ok(())
}

/// What the pages show of what only the daemon knows.
fn watched(works: &Works) -> Watch {
    let hubs = hubs::hooks(works);
    let works = works.clone();
    let metrics = move |store| -> Answer {
        let works = works.over(store);
        Box::pin(async move { metrics::collect(&works).await })
    };
    Watch {
        trouble: drift::trouble,
        metrics: Box::new(metrics),
        hubs,
    }
}
