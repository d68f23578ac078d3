//! The text of an article (headline, sapo, then paragraphs) → sentences, figures, names, verdict, summary, and what an
//! edition may show of it.

#![no_main]

use diembao_fuzz::analyse::{figures, names, neardup, story, summary, topic};
use diembao_fuzz::config::{Places, topics::Topics};
use diembao_fuzz::model::{ArticleText, Part};
use diembao_fuzz::{safe, text::sentence};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static PLACES: LazyLock<names::Gazetteer> = LazyLock::new(|| names::Gazetteer::new(&Places::builtin()));

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, '\n');
    let [title, sapo, body] = [(); 3].map(|()| parts.next().unwrap_or_default());
    cut(text);
    shown(title);
    for sentence in sentence::sentences(body) {
        shown(sentence);
    }
    understood(title, sapo, body);
    grouped(title, sapo, body);
});

/// Sentences lie in the text, in order, and leave nothing out.
fn cut(text: &str) {
    let mut end = 0;
    for span in sentence::sentence_spans(text) {
        assert!(text[end..span.start].trim().is_empty() && span.start < span.end);
        end = span.end;
    }
    assert!(text[end..].trim().is_empty());
}

/// What may be shown stays so: once made fit, it is changed no more.
fn shown(text: &str) {
    let line = safe::line(text);
    assert!(!line.contains(char::is_control) && line.trim() == line, "{line:?}");
    assert!(!["{{", "{%", "{#"].iter().any(|mark| line.contains(mark)), "{line:?}");
    let title = safe::title(text);
    assert!(!title.is_empty() && title.chars().count() <= 241);
    if let Some(quote) = safe::quote(text) {
        assert_eq!(safe::quote(&quote).as_ref(), Some(&quote));
    }
}

fn understood(title: &str, sapo: &str, body: &str) {
    let article = ArticleText { title, sapo, body, section: None, url: None };
    let found = figures::figures(title, sapo, body);
    assert!(found.len() <= 200 && found.iter().all(|figure| figure.value.is_finite()));
    assert!(found.iter().all(|figure| figure.sentence.contains(&figure.text)));
    let named = names::names(&article, &PLACES);
    assert!(named.len() <= 200 && named.iter().all(|name| !name.key.is_empty()));
    let verdict = topic::classify(Topics::builtin(), &article);
    assert!(verdict.chances.iter().all(|chance| (0.0..=1.0).contains(chance)));
    for hit in &verdict.hits {
        let part = match hit.part {
            Part::Title => title,
            Part::Sapo => sapo,
            Part::Body => body,
            Part::Section | Part::Mark => continue,
        };
        let there = part.get(hit.start..).is_some_and(|rest| rest.starts_with(&hit.found));
        assert!(there, "{hit:?}");
    }
}

fn grouped(title: &str, lead: &str, body: &str) {
    let sources = [summary::Source { title, lead, body }];
    for chosen in summary::summarise(&sources, summary::Budget::about(80)) {
        let part = match chosen.place {
            summary::Place::Lead => lead,
            summary::Place::Body => body,
        };
        assert_eq!(&part[chosen.span], chosen.text);
    }
    let near = neardup::NearText::new(lead, body);
    neardup::is_copy(&near, &neardup::NearText::new(title, lead));
    near.keys();
    let told = [(title, lead, body), (title, body, lead)];
    let told = told.map(|(title, lead, body)| story::StoryText::new(title, lead, body, &PLACES, None));
    story::cluster(&told, &story::Usage::default());
}
