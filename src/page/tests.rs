//! Whole pages in, articles out; and pages made to hurt.

use super::*;
use crate::model::PageRules;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::time::{Duration, Instant};
use url::Url;

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

fn read(html: &str) -> Result<PageArticle, NotAnArticle> {
    let url = Url::parse("https://bao.example/chi-bo/bai-viet-1.html").unwrap();
    extract(html.as_bytes(), None, Some(&url), &PageRules::default(), &zone())
}

/// What a page of the corpus says, beside it in a JSON file.
#[derive(Debug, PartialEq, serde::Deserialize)]
struct Expected {
    title: String,
    lead: Option<String>,
    paragraphs: Vec<String>,
    author: Option<String>,
    published: Option<jiff::Timestamp>,
    canonical_url: Option<String>,
    section: Option<String>,
}

#[test]
fn the_pages_of_the_corpus_are_read_as_written_beside_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pages");
    let mut pages = 0;
    let mut wrong = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|e| e != "html") {
            continue;
        }
        pages += 1;
        let expected: Expected =
            serde_json::from_str(&std::fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
        let article = read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let got = Expected {
            title: article.title,
            lead: article.lead,
            paragraphs: article.text.split("\n\n").map(str::to_owned).collect(),
            author: article.author,
            published: article.published,
            canonical_url: article.canonical_url,
            section: article.section,
        };
        if got != expected {
            wrong.push(format!("{}\n  want {expected:#?}\n  got  {got:#?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pages >= 12, "{pages} pages only");
}
