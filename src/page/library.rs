//! The extraction library's reading: asked where our own finds too little.

use dom_smoothie::{Config, Readability, TextMode};

/// Elements that the library may have to look at.
const MAX_ELEMENTS: usize = 30_000;

/// The library's paragraphs; empty when it finds none or fails in whatever way.
pub(super) fn paragraphs(bounded_html: &str) -> Vec<String> {
    let config = Config {
        max_elements_to_parse: MAX_ELEMENTS,
        text_mode: TextMode::Formatted,
        ..Config::default()
    };
    let html = bounded_html.to_owned();
    // A panic in the library is this page's trouble only.
    let read = std::panic::catch_unwind(move || {
        let article = Readability::new(html, None, Some(config))
            .ok()?
            .parse()
            .ok()?;
        Some(article.text_content.to_string())
    });
    let text = read.ok().flatten().unwrap_or_default();
    text.split('\n')
        .map(super::meta::tidy)
        .filter(|line| !line.is_empty())
        .collect()
}
