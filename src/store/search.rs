//! Full text search over folded text: `xay dung dang` finds *xây dựng Đảng*, and what is written exactly as typed
//! comes first.
//!
//! **Why not `bm25`.** Ranking by it visits every article that fits, twice over; of common words that is most of the
//! archive. Here each way of fitting (exactly, in the headline, at all) is its own list of the index, read from the
//! newest article on and only as far as needed; the few found in one way are put in order by their text.

mod hits;
mod marks;
mod query;
mod snippet;
mod upkeep;

pub use snippet::Snippet;
pub use upkeep::INDEX_AT_ONCE;
pub(super) use upkeep::queue;

use super::{Store, StoreError};
use crate::model::{Article, SourceKey, TopicKey};
use hits::{Scope, Search};
use jiff::Timestamp;
use query::Query;

/// What narrows a search; the default narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchFilter {
    /// Only this paper.
    pub source: Option<SourceKey>,
    /// Only papers of this province (key).
    pub province: Option<String>,
    /// Only articles with this topic.
    pub topic: Option<TopicKey>,
    /// Only articles that name this person; the words must stand together.
    pub person: Option<String>,
    /// Only articles that mention this document: `57-NQ/TW`, `Nghị quyết 57`.
    pub document: Option<String>,
    /// Published (or first seen, where undated) at or after.
    pub from: Option<Timestamp>,
    /// Published (or first seen, where undated) before.
    pub to: Option<Timestamp>,
}

/// In which order hits come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// Written exactly as typed, in the headline, together: first; of equals the newest.
    #[default]
    Best,
    /// The newest article first, by when it came in.
    Newest,
}

/// Which of the hits are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Hits left out at the beginning; with `limit`, at most 2,000 hits deep.
    pub offset: u32,
    /// Hits at most.
    pub limit: u32,
    /// In which order.
    pub order: SearchOrder,
}

impl Page {
    /// The first `limit` hits, the best first.
    pub fn first(limit: u32) -> Self {
        Self {
            offset: 0,
            limit,
            order: SearchOrder::Best,
        }
    }
}

/// One page of what was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchResult {
    /// The hits of the page.
    pub hits: Vec<Found>,
    /// How many articles fit in all; counted up to 300.
    pub total: u32,
    /// Whether there are more than `total`.
    pub more: bool,
}

/// An article found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The article.
    pub article: Article,
    /// Whether all words stand in it exactly as typed.
    pub exact: bool,
    /// The passage that shows why.
    pub snippet: Snippet,
}

impl Store {
    /// Articles that hold all words of `query`. Words in double quotes must stand together. Case and diacritics do
    /// not count, though exact forms come first; punctuation has no meaning; a document is found by any of its names
    /// (`57-NQ/TW`, "Nghị quyết 57"). An empty query lists what the filter leaves, the newest first; with an empty
    /// filter it finds nothing.
    pub async fn search(
        &self,
        query: &str,
        filter: &SearchFilter,
        page: Page,
    ) -> Result<SearchResult, StoreError> {
        while self.index_pending(INDEX_AT_ONCE).await? > 0 {}
        self.search_indexed(query, filter, page).await
    }

    /// As [`Self::search`] over what is in the index already: it writes nothing, for readers beside a daemon that indexes.
    pub async fn search_indexed(
        &self,
        query: &str,
        filter: &SearchFilter,
        page: Page,
    ) -> Result<SearchResult, StoreError> {
        let fold = self.fold;
        let query = Query::parse(query, fold);
        let filter = filter.clone();
        if query.is_empty() && filter == SearchFilter::default() {
            return Ok(SearchResult::default());
        }
        self.read("searching", move |conn| {
            let Some(scope) = Scope::of(conn, &filter, fold)? else {
                return Ok(SearchResult::default());
            };
            let search = Search {
                conn,
                query: &query,
                scope: &scope,
                fold,
            };
            search.page(page)
        })
        .await
    }
}
