//! Edition → subject, HTML and text. The templates may be the admin's: they are bounded in steps and in bytes, and
//! they print only what `view` prepared.

use super::{gist, sample, view, wrap};
use crate::model::{Edition, Rendered};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    syntax::SyntaxConfig, value::Serde,
};
use std::io;
use view::Limits;

const HTML: &str = "digest.html.j2";
const TEXT: &str = "digest.txt.j2";
/// Steps of one rendering; a full edition needs about a tenth of it.
const FUEL: u64 = 2_000_000;
/// Bytes of one part: what a template that loops may write before it is stopped.
const MAX_OUTPUT: usize = 2 * 1024 * 1024;
/// Gmail cuts a mail's HTML near 102 KB; linters warn at 80 KiB. Some room stays for what servers add.
const HTML_BYTES: usize = 78 * 1024;
/// More links than this look like bulk mail.
const HTML_LINKS: usize = 240;

/// Papers named for one story on a page; the story's own page has all.
const PAGE_PAPERS: usize = 12;

/// Columns that fit beside another column on a phone.
const MAX_UNBROKEN: usize = 22;

/// What a rendering needs besides the edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenderOptions {
    /// Whom to ask, a mail address; the edition's own where `None`.
    pub contact: Option<String>,
    /// `mailto:` (or https) address that ends the subscription; no line about it where `None`.
    pub unsubscribe: Option<String>,
    /// The edition's public page, if there is one.
    pub web_url: Option<String>,
}

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template {name}, line {line}: {reason}")]
pub struct TemplateError {
    /// `digest.html.j2` or `digest.txt.j2`.
    pub name: String,
    /// Counted from 1; 0 where it is not known.
    pub line: usize,
    /// What is wrong, in English.
    pub reason: String,
}

impl From<Error> for TemplateError {
    fn from(error: Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::OutOfFuel => "it takes too many steps: is there an endless loop?".to_owned(),
            ErrorKind::WriteFailure => format!("it writes more than {} MiB", MAX_OUTPUT >> 20),
            kind => error
                .detail()
                .map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
        };
        Self {
            name: error.name().unwrap_or("digest").to_owned(),
            line: error.line().unwrap_or(0),
            reason,
        }
    }
}

/// The templates of the mail.
#[derive(Debug, Clone)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Those that come with the program.
    pub fn builtin() -> Self {
        // The templates are constant and rendered by the tests.
        Self::with_overrides(None, None).expect("the built-in templates are well formed")
    }

    /// The admin's where given, else the built-in ones. Refuses a template that does not parse, or fails on a
    /// sample edition with something in every place or on an empty one.
    pub fn with_overrides(html: Option<&str>, text: Option<&str>) -> Result<Self, TemplateError> {
        let mut environment = environment();
        let html = html.unwrap_or(include_str!("../../config/templates/digest.html.j2"));
        let text = text.unwrap_or(include_str!("../../config/templates/digest.txt.j2"));
        environment.add_template_owned(HTML, html.to_owned())?;
        environment.add_template_owned(TEXT, text.to_owned())?;
        let templates = Self { environment };
        for edition in [sample::full(), sample::empty()] {
            render(&templates, &edition, &sample::options())?;
        }
        Ok(templates)
    }

    fn print(&self, name: &str, view: &Value) -> Result<String, TemplateError> {
        let mut out = Bounded(Vec::new());
        self.environment
            .get_template(name)?
            .render_captured_to(view.clone(), &mut out)?;
        // Only whole strings are written.
        Ok(String::from_utf8_lossy(&out.0).into_owned())
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    let blocks = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    // The default marks with two switches set: it cannot be refused.
    environment.set_syntax(blocks.expect("constant syntax"));
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|name| {
        if name.contains(".html") {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    environment.set_formatter(format_value);
    environment.add_filter("wrap", |text: &str, first: &str, next: &str| {
        wrap::wrap(text, first, next)
    });
    environment.add_filter("nbsp", keep_together);
    environment.add_filter("underline", |text: &str, mark: &str| {
        mark.repeat(wrap::width(text).min(wrap::COLUMNS))
    });
    environment
}

/// Names of papers and places do not break over lines, unless they are too long for a narrow column.
fn keep_together(text: &str) -> String {
    if wrap::width(text) <= MAX_UNBROKEN {
        text.replace(' ', "\u{a0}")
    } else {
        text.to_owned()
    }
}

/// As the library escapes, but for `/`: escaping it protects nothing in our places and costs 5 bytes each time.
fn format_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() => {
            let mut rest = text;
            while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
                out.write_str(&rest[..at])?;
                out.write_str(match rest.as_bytes()[at] {
                    b'&' => "&amp;",
                    b'<' => "&lt;",
                    b'>' => "&gt;",
                    b'"' => "&quot;",
                    _ => "&#39;",
                })?;
                rest = &rest[at + 1..];
            }
            Ok(out.write_str(rest)?)
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}

struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The parts of the mail. The same edition, templates and options give the same bytes.
pub fn render(
    templates: &Templates,
    edition: &Edition,
    options: &RenderOptions,
) -> Result<Rendered, TemplateError> {
    let (html, limits) = fitting_html(templates, edition, options)?;
    let text = templates.print(TEXT, &value(edition, options, limits))?;
    Ok(Rendered {
        subject: gist::subject(edition),
        html,
        text: wrap::tidy(&text),
    })
}

/// An edition as words and numbers ready to print, for a page: "Các tin khác" and "Tin liên quan" together from entry
/// `skip` on, `tail` of them at most. The names in it are those of the templates.
pub fn printed(
    edition: &Edition,
    options: &RenderOptions,
    skip: usize,
    tail: usize,
) -> impl serde::Serialize {
    let limits = Limits {
        papers: PAGE_PAPERS,
        tail,
        skip,
        ..Limits::NONE
    };
    view::view(edition, options, limits)
}

fn value(edition: &Edition, options: &RenderOptions, limits: Limits) -> Value {
    Value::from(Serde(view::view(edition, options, limits)))
}

/// The HTML within its bytes and links: first the tail is cut, then papers of a story, then listed stories.
/// If an admin's template is over the size whatever is cut, it stays as short as we can make it.
fn fitting_html(
    templates: &Templates,
    edition: &Edition,
    options: &RenderOptions,
) -> Result<(String, Limits), TemplateError> {
    let print = |limits: Limits| templates.print(HTML, &value(edition, options, limits));
    let fits = |html: &str| html.len() <= HTML_BYTES && html.matches("<a ").count() <= HTML_LINKS;
    let steps = [
        Limits::NONE,
        Limits {
            papers: 12,
            failing: 60,
            reprints: 40,
            ..Limits::NONE
        },
        Limits {
            papers: 6,
            failing: 30,
            reprints: 20,
            ..Limits::NONE
        },
        Limits {
            papers: 3,
            failing: 20,
            reprints: 10,
            listed: 25,
            ..Limits::NONE
        },
        Limits {
            papers: 1,
            failing: 10,
            reprints: 5,
            listed: 10,
            ..Limits::NONE
        },
    ];
    let mut shortest = None;
    for step in steps {
        let html = print(step)?;
        if fits(&html) {
            return Ok((html, step));
        }
        let bare = Limits { tail: 0, ..step };
        let html = print(bare)?;
        if fits(&html) {
            return most_tail(step, edition, print, fits, html);
        }
        shortest = Some((html, bare));
    }
    // `steps` is not empty.
    Ok(shortest.unwrap_or_default())
}

/// The longest tail that fits, by bisection; `html` is the rendering without any.
fn most_tail(
    step: Limits,
    edition: &Edition,
    print: impl Fn(Limits) -> Result<String, TemplateError>,
    fits: impl Fn(&str) -> bool,
    html: String,
) -> Result<(String, Limits), TemplateError> {
    let mut best = (html, Limits { tail: 0, ..step });
    let (mut low, mut high) = (0, edition.stories.len() + edition.related.len());
    while low + 1 < high {
        let limits = Limits {
            tail: (low + high) / 2,
            ..step
        };
        let html = print(limits)?;
        if fits(&html) {
            low = limits.tail;
            best = (html, limits);
        } else {
            high = limits.tail;
        }
    }
    Ok(best)
}
