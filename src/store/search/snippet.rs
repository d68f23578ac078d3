//! The passage of an article that shows why it was found.

use super::super::Fold;
use super::marks;
use super::query::Query;
use crate::model::Article;
use crate::text::syllable::{Syllable, syllables};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Syllables of a passage.
const WIDTH: usize = 36;
/// Bytes of a text that are looked through.
const TEXT_MAX: usize = 200_000;

/// A passage with the places of what was looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// Words of the article as printed, on one line; `…` where it goes on. Empty where it has neither lead nor text.
    pub text: String,
    /// Byte ranges of the words found, in order, within `text`.
    pub hits: Vec<Range<usize>>,
}

/// The passage of lead or text with most of the query's words; of two the earlier.
pub(super) fn snippet(article: &Article, query: &Query, fold: Fold) -> Snippet {
    let wanted = Wanted {
        folded: query.folded_words().collect(),
        forms: query.forms().collect(),
        fold,
    };
    let parts = [article.sapo.as_deref(), article.body.as_deref()];
    let best = parts
        .into_iter()
        .flatten()
        .filter(|text| !text.trim().is_empty())
        .map(|text| wanted.best_of(clip(text)))
        .reduce(|a, b| if b.worth > a.worth { b } else { a });
    best.map(|passage| passage.cut()).unwrap_or_default()
}

struct Wanted<'q> {
    folded: HashSet<&'q str>,
    forms: HashSet<&'q str>,
    fold: Fold,
}

/// A window of a text: its syllables, which of them were looked for, and how good that is.
struct Passage<'t> {
    text: &'t str,
    window: Vec<(Syllable, bool)>,
    worth: usize,
    open_start: bool,
    open_end: bool,
}

impl Wanted<'_> {
    /// How well a syllable fits: 0 not, 1 folded, 2 exactly; and as which word.
    fn fit(&self, syllable: &str) -> (usize, String) {
        let folded = (self.fold)(syllable);
        let fit = match self.folded.contains(folded.as_str()) {
            false => 0,
            true if self.forms.contains(marks::form(syllable).as_str()) => 2,
            true => 1,
        };
        (fit, folded)
    }

    fn best_of<'t>(&self, text: &'t str) -> Passage<'t> {
        let all: Vec<Syllable> = syllables(text).collect();
        let fits: Vec<(usize, String)> = all.iter().map(|s| self.fit(s.of(text))).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let (mut sum, mut best) = (0, (0, 0));
        for end in 0..all.len() {
            let (fit, word) = &fits[end];
            if *fit > 0 {
                sum += fit;
                *counts.entry(word).or_default() += 1;
            }
            if end >= WIDTH {
                let (fit, word) = &fits[end - WIDTH];
                if *fit > 0 {
                    sum -= fit;
                    if let Some(count) = counts.get_mut(word.as_str()) {
                        *count -= 1;
                        if *count == 0 {
                            counts.remove(word.as_str());
                        }
                    }
                }
            }
            // Different words count for more than one word again and again.
            let worth = counts.len() * 1000 + sum;
            if worth > best.0 {
                best = (worth, (end + 1).saturating_sub(WIDTH));
            }
        }
        let (worth, mut start) = best;
        // The window that was first as good ends at its last hit: what follows tells more than what led there.
        let first_hit = (start..all.len())
            .find(|&at| fits[at].0 > 0)
            .unwrap_or(start);
        let lead_in = (start..=first_hit)
            .rev()
            .take(WIDTH / 4)
            .last()
            .unwrap_or(start);
        let hits_end = (start..(start + WIDTH).min(all.len()))
            .rev()
            .find(|&at| fits[at].0 > 0);
        if hits_end.is_none_or(|end| end < lead_in + WIDTH) {
            start = lead_in;
        }
        let end = (start + WIDTH).min(all.len());
        Passage {
            text,
            window: all[start..end]
                .iter()
                .zip(&fits[start..end])
                .map(|(syllable, fit)| (*syllable, fit.0 > 0))
                .collect(),
            worth,
            open_start: start > 0,
            open_end: end < all.len(),
        }
    }
}

impl Passage<'_> {
    fn cut(&self) -> Snippet {
        let mut out = Snippet::default();
        if self.open_start {
            out.text.push('…');
        }
        // A short text without a syllable is shown whole.
        let mut at = match self.window.first() {
            Some((first, _)) if self.open_start => first.start,
            _ => 0,
        };
        for (syllable, hit) in &self.window {
            push_line(&mut out.text, &self.text[at..syllable.start]);
            let start = out.text.len();
            out.text.push_str(syllable.of(self.text));
            if *hit {
                out.hits.push(start..out.text.len());
            }
            at = syllable.end;
        }
        match self.open_end {
            true => out.text.push('…'),
            false => push_line(&mut out.text, self.text[at..].trim_end()),
        }
        out
    }
}

/// White space, line breaks too, as one blank.
fn push_line(out: &mut String, text: &str) {
    for c in text.chars() {
        match c.is_whitespace() {
            true if out.ends_with(' ') || out.is_empty() => {}
            true => out.push(' '),
            false => out.push(c),
        }
    }
}

fn clip(text: &str) -> &str {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
