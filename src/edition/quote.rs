//! The sentences of an article that its entry in the mail quotes: the first ones of sapo and body, verbatim.

use super::safe;
use crate::{
    model::{Article, Quote},
    text::sentence,
};

/// Sentences of one entry.
const MOST: usize = 3;
/// Characters of one entry: about six lines on a phone.
const MAX_CHARS: usize = 520;
/// A longer sentence is not quoted.
const MAX_SENTENCE: usize = 360;
/// A body is read no further than this many sentences to fill an entry.
const LOOK_AT: usize = 12;

/// Up to three sentences, in reading order; none if nothing can be shown verbatim.
pub(super) fn quotes(article: &Article) -> Vec<Quote> {
    let url = safe::link(&article.url).unwrap_or_default();
    let sapo = article.sapo.as_deref().unwrap_or("");
    let body = article.body.as_deref().unwrap_or("");
    let title = comparable(&safe::title(&article.title));
    let mut out: Vec<Quote> = Vec::new();
    let mut chars = 0;
    let candidates = sentence::sentences(sapo)
        .map(|s| (s, body.is_empty()))
        .chain(sentence::sentences(body).take(LOOK_AT).map(|s| (s, false)));
    for (raw, only_source) in candidates {
        if out.len() == MOST {
            break;
        }
        let Some(text) = safe::quote(raw) else {
            continue;
        };
        let length = text.chars().count();
        let said = comparable(&text);
        let repeats = said == title || out.iter().any(|q| comparable(&q.text) == said);
        if repeats || length > MAX_SENTENCE || !(only_source || is_whole(&text)) {
            continue;
        }
        if chars + length > MAX_CHARS && !out.is_empty() {
            break;
        }
        chars += length;
        out.push(Quote {
            text,
            url: url.clone(),
        });
    }
    out
}

/// Not a heading, a caption or a teaser cut off by the feed.
fn is_whole(text: &str) -> bool {
    let inner = text.trim_end_matches(['"', '”', '’', ')', '»']);
    inner.ends_with(['.', '!', '?']) && !inner.ends_with("...") && text.split(' ').count() >= 5
}

/// For telling a repeated sentence: letters and digits only.
fn comparable(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
