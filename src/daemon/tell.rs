//! What an edition says of a story: its summary and its figures, from the texts of its articles. Plain values, handed to
//! the edition with the story.

use crate::analyse::{
    figures::{conflicts, figures, telling},
    summary::{Budget, Source, summarise},
};
use crate::edition::{Differing, Said, StoryGroup, Told};
use crate::model::{Article, ArticleId, Figure};
use std::collections::HashMap;

/// A story's summary: two or three sentences, about six lines on a phone.
const BUDGET: Budget = Budget {
    words: 70,
    most_words: 100,
    longest: 75,
    sentences: 3,
};
/// Articles of one story that are read; copies are not.
const READ: usize = 8;
/// Figures of one story: the table of the day shows six in all.
const FIGURES: usize = 2;

/// Fills in what `groups` say. `places` are the names a figure may be placed at.
pub(super) fn tell(groups: &mut [StoryGroup], articles: &[Article], places: &[String]) {
    let by_id: HashMap<ArticleId, &Article> = articles.iter().map(|a| (a.id, a)).collect();
    for group in groups {
        let lead_copies = group.copies.iter().filter_map(|copies| copies.first());
        let read: Vec<&Article> = lead_copies
            .filter_map(|id| by_id.get(id).copied())
            .take(READ)
            .collect();
        let counted: Vec<Vec<Figure>> = read.iter().map(|article| all_figures(article)).collect();
        let told = |at: usize, figure: &Figure| Told {
            article: read[at].id,
            place: place(
                places,
                &[
                    &figure.sentence,
                    read[at].text().title,
                    read[at].text().sapo,
                ],
            ),
            figure: figure.clone(),
        };
        group.summary = summary(&read);
        group.figures = counted
            .iter()
            .enumerate()
            .flat_map(|(at, figures)| telling(figures, FIGURES).into_iter().map(move |f| (at, f)))
            .take(FIGURES)
            .map(|(at, figure)| told(at, &figure))
            .collect();
        let counted: Vec<&[Figure]> = counted.iter().map(Vec::as_slice).collect();
        group.discords = conflicts(&counted)
            .into_iter()
            .map(|sides| Differing {
                what: what(&counted[sides[0].0][sides[0].1]),
                claims: sides
                    .into_iter()
                    .map(|(at, nth)| told(at, &counted[at][nth]))
                    .collect(),
            })
            .collect();
    }
}

fn summary(articles: &[&Article]) -> Vec<Said> {
    let sources: Vec<Source<'_>> = articles
        .iter()
        .map(|article| {
            let text = article.text();
            Source {
                title: text.title,
                lead: text.sapo,
                body: text.body,
            }
        })
        .collect();
    let said = |chosen: crate::analyse::summary::Chosen<'_>| Said {
        article: articles[chosen.source].id,
        text: chosen.text.to_owned(),
    };
    summarise(&sources, BUDGET).into_iter().map(said).collect()
}

/// "tổ chức đảng (kiểm tra)".
fn what(figure: &Figure) -> String {
    match &figure.subject {
        Some(subject) => format!("{} ({subject})", figure.unit),
        None => figure.unit.clone(),
    }
}

fn all_figures(article: &Article) -> Vec<Figure> {
    let text = article.text();
    figures(text.title, text.sapo, text.body)
}

/// The place that the sentence names, else the headline, else the sapo; `None` where it names several or none.
fn place(places: &[String], texts: &[&str]) -> Option<String> {
    texts.iter().find_map(|text| {
        let mut named = places.iter().filter(|place| names(text, place));
        named.next().filter(|_| named.next().is_none()).cloned()
    })
}

/// Whether the place stands in the text as words of their own.
fn names(text: &str, place: &str) -> bool {
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(place).any(|(at, _)| {
        apart(text[..at].chars().next_back()) && apart(text[at + place.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_where_its_sentence_says() {
        let places: Vec<String> = ["An Giang", "Hà Tĩnh", "Huế"].map(String::from).into();
        let of = |texts: &[&str]| place(&places, texts);
        assert_eq!(
            of(&["Đảng bộ tỉnh Hà Tĩnh kết nạp 12 đảng viên.", "Tin An Giang"]).as_deref(),
            Some("Hà Tĩnh")
        );
        assert_eq!(
            of(&["Toàn tỉnh kết nạp 12 đảng viên.", "Tin An Giang"]).as_deref(),
            Some("An Giang")
        );
        assert_eq!(of(&["An Giang và Huế kết nạp 12 đảng viên."]), None);
        assert_eq!(of(&["Ông Huếng kết nạp."]), None);
    }
}
