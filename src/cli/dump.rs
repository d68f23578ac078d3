//! `dump`: what is kept, as JSON. Hidden: it serves evaluation kits and bug reports, not people.

use super::app::{self, AppError};
use super::args::{Args, Dump};
use super::out;
use crate::analyse::neardup;
use jiff::Timestamp;
use serde_json::json;

/// Prints entries or counts; nothing where there are no data yet.
pub async fn run(args: &Args, what: Dump) -> Result<(), AppError> {
    let Some(works) = app::beside(args).await? else {
        return Ok(());
    };
    match what {
        Dump::Entries => {
            for entry in works.store.all_entries().await? {
                out::json(&json!({
                    "feed": entry.feed_url, "guid": entry.guid, "link": entry.link, "article": entry.article.0,
                }));
            }
        }
        Dump::Counts => {
            let counts = works.store.counts().await?;
            let all = works
                .store
                .published_between(Timestamp::MIN, Timestamp::MAX)
                .await?;
            let setup = works.setup();
            let rank = |key: &_| {
                setup
                    .sources
                    .get(key)
                    .map_or(u16::MAX, |source| source.rank)
            };
            let groups = neardup::copies(&all, rank).len();
            out::json(&json!({
                "feeds": counts.feeds, "entries": counts.entries, "articles": counts.articles, "groups": groups,
            }));
        }
    }
    Ok(())
}
