//! Edition → subject, HTML and text. The templates may be the admin's: they are bounded in steps and in bytes, and
//! they print only what `view` prepared.

use super::{gist, sample, view, wrap};
use crate::config::did_you_mean;
use crate::model::{Edition, Rendered};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    syntax::SyntaxConfig, value::Serde,
};
use std::{collections::BTreeSet, io};
use view::Limits;

const HTML: &str = "digest.html.j2";
const TEXT: &str = "digest.txt.j2";
const BUILTIN_HTML: &str = include_str!("../../config/templates/digest.html.j2");
const BUILTIN_TEXT: &str = include_str!("../../config/templates/digest.txt.j2");
/// Bytes of an admin's template.
const MAX_SOURCE: usize = 256 * 1024;
/// An expression longer than this is not named in a message.
const FIELD_CHARS: usize = 80;
/// Steps of one rendering; a full edition needs about a tenth of it. Each also pays for 64 bytes that a template makes,
/// before they are made: so memory is bounded too, at 128 MB.
const FUEL: u64 = 2_000_000;
/// Bytes of one part: what a template that loops may write before it is stopped.
const MAX_OUTPUT: usize = 2 * 1024 * 1024;
/// Gmail cuts a mail's HTML near 102 KB; linters warn at 80 KiB. Some room stays for what servers add.
const HTML_BYTES: usize = 78 * 1024;
/// More links than this look like bulk mail.
const HTML_LINKS: usize = 240;

/// What is tried first. More links than these cannot fit: a flood of news is cut before it is printed, not after.
const MOST: Limits = Limits {
    papers: HTML_LINKS / 4,
    failing: HTML_LINKS,
    reprints: HTML_LINKS,
    corrections: HTML_LINKS,
    tail: HTML_LINKS,
    ..Limits::NONE
};

/// Papers named for one story on a page; the story's own page has all.
const PAGE_PAPERS: usize = 12;

/// Bytes that may stand before each line of a paragraph.
const MAX_INDENT: usize = 80;

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
    /// What the office should know of this mail itself; one line at its end.
    pub note: Option<String>,
}

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template {name}, line {line}: {}{reason}", .field.as_ref().map(|f| format!("`{f}`: ")).unwrap_or_default())]
pub struct TemplateError {
    /// `digest.html.j2` or `digest.txt.j2`.
    pub name: String,
    /// Counted from 1; 0 where it is not known.
    pub line: usize,
    /// The expression it is about, as written in the template; `None` where it is the whole line.
    pub field: Option<String>,
    /// What is wrong, in English.
    pub reason: String,
    /// The same in Vietnamese, for the office.
    pub reason_vi: String,
}

impl From<Error> for TemplateError {
    fn from(error: Error) -> Self {
        let detail = error.detail().unwrap_or_default();
        let of_kind = |vi: &str| match detail {
            "" => (error.kind().to_string(), vi.to_owned()),
            detail => (
                format!("{}: {detail}", error.kind()),
                format!("{vi} ({detail})"),
            ),
        };
        let (reason, reason_vi) = match error.kind() {
            ErrorKind::OutOfFuel => (
                "it takes too many steps or makes too much text: is there an endless loop?"
                    .to_owned(),
                "chạy quá nhiều bước hoặc tạo ra quá nhiều chữ: có vòng lặp không dứt?".to_owned(),
            ),
            ErrorKind::WriteFailure => (
                format!("it writes more than {} MiB", MAX_OUTPUT >> 20),
                format!("viết ra quá {} MiB", MAX_OUTPUT >> 20),
            ),
            ErrorKind::SyntaxError => of_kind("sai cú pháp"),
            ErrorKind::UndefinedError => of_kind("không có trường này"),
            ErrorKind::UnknownFilter => of_kind("không có bộ lọc này"),
            ErrorKind::UnknownTest => of_kind("không có phép thử này"),
            ErrorKind::UnknownFunction => of_kind("không có hàm này"),
            ErrorKind::UnknownMethod => of_kind("không có phương thức này"),
            ErrorKind::TemplateNotFound => of_kind("không có mẫu nào tên như vậy"),
            _ => of_kind("không dùng được"),
        };
        let written = error
            .range()
            .zip(error.template_source())
            .and_then(|(range, source)| source.get(range))
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty() && text.chars().count() <= FIELD_CHARS);
        Self {
            name: error.name().unwrap_or("digest").to_owned(),
            line: error.line().unwrap_or(0),
            field: written,
            reason,
            reason_vi,
        }
    }
}

/// The templates of the mail.
#[derive(Debug, Clone)]
pub struct Templates {
    environment: Environment<'static>,
    own: bool,
}

impl Templates {
    /// Those that come with the program.
    pub fn builtin() -> Self {
        // The templates are constant and rendered by the tests.
        Self::strictly(None, None).expect("the built-in templates are well formed")
    }

    /// The admin's where given and usable, else the built-in ones; with what is wrong with those that are not.
    pub fn of(html: Option<&str>, text: Option<&str>) -> (Self, Vec<TemplateError>) {
        let mut wrong = Vec::new();
        let mut usable = |found: Vec<TemplateError>| {
            let good = found.is_empty();
            wrong.extend(found);
            good
        };
        let html = html.filter(|html| usable(faults(HTML, html)));
        let text = text.filter(|text| usable(faults(TEXT, text)));
        match Self::strictly(html, text) {
            Ok(templates) => (templates, wrong),
            // Each is good by itself: not reached, and safe all the same.
            Err(error) => {
                wrong.push(error);
                (Self::builtin(), wrong)
            }
        }
    }

    /// Refuses a template that does not parse, or fails on a sample edition with something in every place or on an
    /// empty one.
    fn strictly(html: Option<&str>, text: Option<&str>) -> Result<Self, TemplateError> {
        let mut environment = environment();
        let own = html.is_some() || text.is_some();
        environment.add_template_owned(HTML, html.unwrap_or(BUILTIN_HTML).to_owned())?;
        environment.add_template_owned(TEXT, text.unwrap_or(BUILTIN_TEXT).to_owned())?;
        let templates = Self { environment, own };
        for edition in [sample::full(), sample::empty()] {
            render(&templates, &edition, &sample::options())?;
        }
        Ok(templates)
    }

    /// Whether one of them is the admin's.
    pub fn are_own(&self) -> bool {
        self.own
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

/// All that can be found wrong with one template without an edition: fields that do not exist, then what stops it.
fn faults(name: &str, source: &str) -> Vec<TemplateError> {
    let whole = |reason: String, reason_vi: String| TemplateError {
        name: name.to_owned(),
        line: 0,
        field: None,
        reason,
        reason_vi,
    };
    if source.len() > MAX_SOURCE {
        let most = MAX_SOURCE >> 10;
        return vec![whole(
            format!("it is larger than {most} KiB"),
            format!("lớn hơn {most} KiB"),
        )];
    }
    let tried = match name {
        HTML => Templates::strictly(Some(source), None),
        _ => Templates::strictly(None, Some(source)),
    };
    let mut found = unknown_fields(name, source);
    if let Err(error) = tried
        && !found.iter().any(|known| known.line == error.line)
    {
        found.push(error);
    }
    found.sort_by_key(|error| error.line);
    found
}

/// Fields that no edition has, wherever the template asks for them: a misspelt one in an `if` would else be taken for
/// an empty one for ever.
fn unknown_fields(name: &str, source: &str) -> Vec<TemplateError> {
    let mut environment = environment();
    if environment
        .add_template_owned(name.to_owned(), source.to_owned())
        .is_err()
    {
        return Vec::new();
    }
    let known = known_fields();
    let Ok(template) = environment.get_template(name) else {
        return Vec::new();
    };
    let asked = template.undeclared_variables(false);
    let globals: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    let unknown = asked
        .iter()
        .filter(|field| !known.contains(*field) && !globals.contains(field.as_str()));
    unknown
        .map(|field| {
            let near = did_you_mean(field, known.iter().map(String::as_str));
            let (en, vi) = near.map_or_else(Default::default, |near| {
                (
                    format!("; did you mean `{near}`?"),
                    format!("; có phải định viết `{near}`?"),
                )
            });
            TemplateError {
                name: name.to_owned(),
                line: line_of(source, field),
                field: Some(field.clone()),
                reason: format!("there is no such field{en}"),
                reason_vi: format!("không có trường này{vi}"),
            }
        })
        .collect()
}

/// The names that a template may print.
fn known_fields() -> BTreeSet<String> {
    let view = view::view(&sample::full(), &sample::options(), Limits::NONE);
    match serde_json::to_value(view) {
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().map(|(name, _)| name).collect(),
        _ => BTreeSet::new(),
    }
}

/// The first line that has the name as a word of its own; 0 if none has.
fn line_of(source: &str, name: &str) -> usize {
    let mut words = |line: &str| {
        line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .any(|word| word == name)
    };
    source.lines().position(&mut words).map_or(0, |at| at + 1)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    // So that an error knows which expression it is about.
    environment.set_debug(true);
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
        // A long one before each of many lines would be made before the fuel is asked.
        if first.len().max(next.len()) > MAX_INDENT {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "the beginning of a line is too long",
            ));
        }
        Ok(wrap::wrap(text, first, next))
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

/// A page of our own out of one built-in template; its name decides how text is escaped.
pub(super) fn page(
    name: &str,
    source: &'static str,
    view: &impl serde::Serialize,
) -> Result<String, TemplateError> {
    let mut environment = environment();
    environment.add_template_owned(name.to_owned(), source)?;
    Ok(environment.get_template(name)?.render(Serde(view))?)
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

/// As [`render`]; where the admin's templates fail on this edition, by the built-in ones, with what went wrong.
///
/// # Errors
/// When the built-in templates fail too.
pub fn render_somehow(
    templates: &Templates,
    edition: &Edition,
    options: &RenderOptions,
) -> Result<(Rendered, Option<TemplateError>), TemplateError> {
    match render(templates, edition, options) {
        Ok(rendered) => Ok((rendered, None)),
        Err(error) if templates.are_own() => {
            let options = RenderOptions {
                note: Some(fallback_note(&error)),
                ..options.clone()
            };
            let rendered = render(&Templates::builtin(), edition, &options)?;
            Ok((rendered, Some(error)))
        }
        Err(error) => Err(error),
    }
}

/// What a mail says of a template that could not be used.
pub fn fallback_note(error: &TemplateError) -> String {
    format!(
        "Mẫu thư riêng của cơ quan ({}, dòng {}) có lỗi nên thư này dùng mẫu có sẵn; đề nghị người quản trị chạy: diembao digest template check",
        error.name, error.line
    )
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
        MOST,
        Limits {
            papers: 12,
            failing: 60,
            reprints: 40,
            corrections: 20,
            ..MOST
        },
        Limits {
            papers: 6,
            failing: 30,
            reprints: 20,
            corrections: 12,
            ..MOST
        },
        Limits {
            papers: 3,
            failing: 20,
            reprints: 10,
            corrections: 8,
            listed: 25,
            ..MOST
        },
        Limits {
            papers: 1,
            failing: 10,
            reprints: 5,
            corrections: 4,
            listed: 10,
            ..MOST
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
    let entries = edition.stories.len() + edition.related.len();
    let (mut low, mut high) = (0, entries.min(HTML_LINKS));
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
