//! A page: data, and the template that prints them. `.json` or `Accept: application/json` gives the data themselves.

use super::room::Room;
use crate::edition::words;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::{Timestamp, civil};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, context};
use serde::Serialize;
use serde_json::Value;
use std::convert::Infallible;

/// What a handler found.
pub(super) struct Page {
    template: &'static str,
    title: String,
    data: Value,
    /// The data under another form, where that is a contract of its own.
    json: Option<Value>,
    /// An Atom feed of the same.
    feed: Option<String>,
    changed: Option<Timestamp>,
    status: StatusCode,
}

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is nothing of that address.
    NotFound,
    /// The address says something that cannot be.
    Wrong(&'static str),
    /// The store or a template failed: logged, told without detail.
    Failed(String),
}

impl From<crate::store::StoreError> for Trouble {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The form in which a page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A page to look at.
    Html,
    /// The data.
    Json,
}

/// Put into a request by [`super::guard`] where its address ended with `.json`.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonByName;

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let by_name = parts.extensions.get::<JsonByName>().is_some();
        Ok(if by_name || accepts_json(&parts.headers) {
            Self::Json
        } else {
            Self::Html
        })
    }
}

/// Whether JSON is named and HTML is not: browsers name HTML.
fn accepts_json(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

impl Page {
    /// A page of `data`. A value that is no data (a map with odd keys) is a bug that the tests meet.
    pub(super) fn new(
        template: &'static str,
        title: impl Into<String>,
        data: &impl Serialize,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            template,
            title: title.into(),
            data: serde_json::to_value(data).map_err(|err| Trouble::Failed(err.to_string()))?,
            json: None,
            feed: None,
            changed: None,
            status: StatusCode::OK,
        })
    }

    /// The same with another form of the data.
    pub(super) fn with_json(self, json: Value) -> Self {
        Self {
            json: Some(json),
            ..self
        }
    }

    /// The same with an Atom feed at this address.
    pub(super) fn with_feed(self, feed: impl Into<String>) -> Self {
        Self {
            feed: Some(feed.into()),
            ..self
        }
    }

    /// The same, last changed then.
    pub(super) fn changed(self, at: Timestamp) -> Self {
        Self {
            changed: Some(at),
            ..self
        }
    }

    /// The same with another status.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl Room {
    /// The answer to a request.
    pub(super) fn show(&self, form: Form, page: Result<Page, Trouble>) -> Response {
        match page.and_then(|page| self.print(form, page)) {
            Ok(response) => response,
            Err(trouble) => self.excuse(form, &trouble),
        }
    }

    fn print(&self, form: Form, page: Page) -> Result<Response, Trouble> {
        let body = match form {
            Form::Json => Json(page.json.unwrap_or(page.data)).into_response(),
            Form::Html => {
                let office = self.office();
                let digests = office.config.digests.iter().map(|one| one.title.clone());
                let zone = office
                    .config
                    .daemon
                    .time_zone
                    .iana_name()
                    .unwrap_or("Asia/Ho_Chi_Minh");
                let text = self
                    .templates
                    .environment
                    .get_template(page.template)
                    .and_then(|template| {
                        template.render(context! {
                        title => page.title,
                        page => minijinja::Value::from(Serde(&page.data)),
                        feed => page.feed,
                        digests => digests.collect::<Vec<_>>(),
                        style => &self.templates.style_name,
                        zone => zone,
                        year => office.now.to_zoned(office.config.daemon.time_zone.clone()).year(),
                    })
                    });
                Html(text.map_err(|err| Trouble::Failed(format!("{err:#}")))?).into_response()
            }
        };
        let mut response = (page.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        if let Some(value) = page.changed.and_then(http_date) {
            headers.insert(header::LAST_MODIFIED, value);
        }
        Ok(response)
    }

    fn excuse(&self, form: Form, trouble: &Trouble) -> Response {
        let (status, words) = match trouble {
            Trouble::NotFound => (
                StatusCode::NOT_FOUND,
                "Không có trang này. Địa chỉ có thể đã bị gõ thiếu.",
            ),
            Trouble::Wrong(words) => (StatusCode::BAD_REQUEST, *words),
            Trouble::Failed(why) => {
                tracing::error!(error = why.as_str(), "a page could not be made");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Trang này hiện chưa xem được. Lỗi đã được ghi lại cho người quản trị.",
                )
            }
        };
        let page = Page::new(
            "excuse.html",
            "Không xem được trang",
            &serde_json::json!({ "error": words }),
        );
        let printed = page
            .map(|page| page.status(status))
            .and_then(|page| self.print(form, page));
        // A template that fails twice leaves the bare words.
        printed.unwrap_or_else(|_| (status, words).into_response())
    }
}

/// RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let text = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .ok()?;
    HeaderValue::from_str(&text).ok()
}

/// The pages' templates, and the one style sheet.
pub(super) struct Templates {
    environment: Environment<'static>,
    /// The style sheet's address; it changes with its text.
    pub(super) style_name: String,
}

/// The look of all pages.
pub(super) const STYLE: &str = include_str!("style.css");

const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("templates/base.html.j2")),
    ("parts.html", include_str!("templates/parts.html.j2")),
    ("excuse.html", include_str!("templates/excuse.html.j2")),
    ("edition.html", include_str!("templates/edition.html.j2")),
    ("empty.html", include_str!("templates/empty.html.j2")),
    ("editions.html", include_str!("templates/editions.html.j2")),
    ("story.html", include_str!("templates/story.html.j2")),
    ("article.html", include_str!("templates/article.html.j2")),
    ("search.html", include_str!("templates/search.html.j2")),
    ("trends.html", include_str!("templates/trends.html.j2")),
    ("stories.html", include_str!("templates/stories.html.j2")),
    ("sources.html", include_str!("templates/sources.html.j2")),
    ("month.html", include_str!("templates/month.html.j2")),
    ("leave.html", include_str!("templates/leave.html.j2")),
];

impl Templates {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let blocks = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            // Constant.
            .expect("the usual marks");
        environment.set_syntax(blocks);
        environment.add_filter("moment", moment);
        environment.add_filter("day", day);
        environment.add_filter("month", month);
        environment.add_filter("number", words::number);
        environment.add_filter("digest_path", |digest: String, number: u32| {
            format!("/ban-tin/{digest}/{number}")
        });
        for (name, text) in TEMPLATES {
            environment
                .add_template(name, text)
                // Constant and rendered by the tests.
                .expect("the built-in pages are well formed");
        }
        let hash = blake3::hash(STYLE.as_bytes()).to_hex();
        Self {
            environment,
            style_name: format!("/style-{}.css", &hash[..12]),
        }
    }
}

/// "05:04 ngày 13/10/2026" of an RFC 3339 text, in the office's zone.
fn moment(state: &State<'_, '_>, at: &str) -> String {
    let zone = state
        .lookup("zone")
        .map(|zone| zone.to_string())
        .unwrap_or_default();
    let Ok(at) = at.parse::<Timestamp>() else {
        return String::new();
    };
    let local = at.to_zoned(words::zone(&zone));
    local.strftime("%H:%M ngày %-d/%-m/%Y").to_string()
}

/// "thứ Hai, 23/11/2026" of `2026-11-23`.
fn day(text: &str) -> String {
    let date = text.parse::<civil::Date>();
    date.map_or_else(
        |_| String::new(),
        |date| format!("{}, {}", words::weekday(date), words::short_date(date)),
    )
}

/// "tháng 11/2026" of `2026-11`.
fn month(text: &str) -> String {
    match text.split_once('-') {
        Some((year, month)) => format!("tháng {}/{year}", month.trim_start_matches('0')),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_given_to_who_asks_for_it_and_not_to_browsers() {
        let asked = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            accepts_json(&headers)
        };
        assert!(asked("application/json"));
        assert!(!asked(
            "text/html,application/xhtml+xml,application/json;q=0.1"
        ));
        assert!(!asked("*/*"));
    }

    #[test]
    fn every_template_parses_and_dates_read_as_an_office_writes_them() {
        Templates::new();
        assert_eq!(day("2026-11-23"), "thứ Hai, 23/11/2026");
        assert_eq!(month("2026-03"), "tháng 3/2026");
        assert_eq!(month("x"), "");
    }
}
