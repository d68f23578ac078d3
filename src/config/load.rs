//! From a folder of files, or what the binary carries, to one [`Config`].

use super::digests::TopicKeys;
use super::files::{self, Text};
use super::holidays::Holidays;
use super::places::Places;
use super::problem::{Problem, Severity, Wrong, words, wrong};
use super::raw::{Section, Sheet};
use super::secret::{Env, process_env};
use super::topics::{self, Taxonomy, Topics, TopicsProblem};
use super::{AdminConfig, ArticleConfig, Config, DaemonConfig, DigestConfig, FetchConfig};
use super::{MetricsConfig, Problems, RetentionConfig, SmtpConfig, WebConfig};
use super::{digests, embedded, keeping, secret, sense, settings, smtp, sources, web};
use std::path::Path;
use std::sync::Arc;

/// Reads `diembao.toml` and its neighbours, or the embedded default for `None`.
///
/// A file that does not exist beside others of ours is the embedded one.
///
/// # Errors
/// Everything that is wrong in any of the files.
pub fn load(diembao_toml: Option<&Path>) -> Result<Config, Problems> {
    load_with(diembao_toml, Env(&process_env))
}

/// As [`load`], with the environment given.
///
/// # Errors
/// Everything that is wrong in any of the files.
pub fn load_with(diembao_toml: Option<&Path>, env: Env<'_>) -> Result<Config, Problems> {
    let mut problems = Vec::new();
    let mut beside =
        |name: &str, embedded: &str| files::neighbour(diembao_toml, name, embedded, &mut problems);
    let provinces = beside("provinces.toml", embedded::PROVINCES);
    let topics = beside("topics.toml", topics::BUILTIN);
    let feeds = beside("feeds.toml", embedded::FEEDS);
    let holidays = beside("holidays.toml", embedded::HOLIDAYS);
    let places = Places::parse(&provinces.name, &provinces.text).unwrap_or_else(|found| {
        problems.extend(found);
        // The other files are read all the same: every problem at once.
        Places::builtin()
    });
    let holidays = Holidays::parse(&holidays.name, &holidays.text).unwrap_or_else(|found| {
        problems.extend(found);
        Holidays::default()
    });
    let topics = taxonomy(&topics, &mut problems);
    let keys = || {
        let list = topics.iter().flat_map(|topics| &topics.list);
        list.map(|topic| topic.key.as_str()).collect()
    };
    let topic_keys: TopicKeys<'_> = topics.is_some().then_some(&keys);
    let written = files::settings(diembao_toml, &mut problems);
    let settings = written.as_ref().and_then(|text| {
        with_root(text, &mut problems, |root| {
            settings_of(root, diembao_toml, env, &places, topic_keys)
        })
    });
    let sources: Option<Vec<crate::model::Source>> = with_root(&feeds, &mut problems, |root| {
        let open = open_to_all(Some(Path::new(&feeds.name)));
        let sources = sources::sources(root, &places, open);
        let fetch = settings.as_ref().map(|settings| &settings.fetch);
        sense::feeds(root, &sources, fetch);
        sources
    });
    if let (Some(text), Some(settings)) = (&written, &settings) {
        look_again(text, &mut problems, |root| {
            sense::settings(root, &settings.said(sources.as_deref()));
        });
    }
    if let Some(file) = diembao_toml {
        sense::folder(file, &mut problems);
    }
    problems.sort_by(|a, b| {
        let place = |p: &Problem| {
            (
                !p.file.ends_with("diembao.toml"),
                p.file.clone(),
                p.line,
                p.column,
            )
        };
        place(a).cmp(&place(b))
    });
    let sound = problems.iter().all(|p| p.severity == Severity::Warning);
    let (Some(settings), Some(sources), Some(topics), true) = (settings, sources, topics, sound)
    else {
        return Err(Problems(problems));
    };
    let templates = diembao_toml.map(|file| file.with_file_name("templates"));
    Ok(Config {
        file: diembao_toml.map(Path::to_owned),
        daemon: settings.daemon,
        fetch: settings.fetch,
        article: settings.article,
        digests: settings.digests,
        smtp: settings.smtp,
        admin: settings.admin,
        retention: settings.retention,
        metrics: settings.metrics,
        web: settings.web,
        sources,
        places,
        holidays: Arc::new(holidays),
        topics,
        templates: templates.filter(|folder| folder.is_dir()),
        warnings: problems,
    })
}

/// What would be wrong with this text as the `feeds.toml` beside `diembao_toml`: before it is written.
pub fn check_feeds(diembao_toml: &Path, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let provinces = files::neighbour(
        Some(diembao_toml),
        "provinces.toml",
        embedded::PROVINCES,
        &mut problems,
    );
    let places =
        Places::parse(&provinces.name, &provinces.text).unwrap_or_else(|_| Places::builtin());
    let feeds = Text {
        name: diembao_toml
            .with_file_name("feeds.toml")
            .display()
            .to_string(),
        text: text.to_owned(),
    };
    with_root(&feeds, &mut problems, |root| {
        sources::sources(root, &places, false)
    });
    problems
}

/// The taxonomy; `None` after its problems were told.
fn taxonomy(text: &Text, problems: &mut Vec<Problem>) -> Option<Taxonomy> {
    if text.text == topics::BUILTIN {
        return Some(Taxonomy::Shipped);
    }
    let found = match Topics::parse(&text.text) {
        Ok(topics) => return Some(Taxonomy::Own(Arc::new(topics))),
        Err(found) => found,
    };
    let sheet = Sheet::new(&text.name, &text.text);
    for TopicsProblem { span, wrong } in found {
        sheet.error(&span, wrong);
    }
    problems.extend(sheet.into_problems());
    None
}

/// What `diembao.toml` alone says.
struct Settings {
    daemon: DaemonConfig,
    fetch: FetchConfig,
    article: ArticleConfig,
    digests: Vec<DigestConfig>,
    smtp: Option<SmtpConfig>,
    admin: AdminConfig,
    retention: RetentionConfig,
    metrics: MetricsConfig,
    web: WebConfig,
}

impl Settings {
    /// As a whole.
    fn said<'s>(&'s self, sources: Option<&'s [crate::model::Source]>) -> sense::Said<'s> {
        sense::Said {
            fetch: &self.fetch,
            max_page: self.article.max_page,
            data_dir: &self.daemon.data_dir,
            digests: &self.digests,
            smtp: self.smtp.as_ref(),
            admins: &self.admin.recipients,
            sources,
        }
    }
}

fn settings_of(
    root: &Section<'_>,
    file: Option<&Path>,
    env: Env<'_>,
    places: &Places,
    topic_keys: TopicKeys<'_>,
) -> Settings {
    let folder = folder_of(file);
    let fetch = settings::fetch(root.section("fetch"), open_to_all(file));
    if fetch.contact.is_none() {
        root.warn(&root.key_span("fetch"), no_contact());
    }
    let admin = settings::admin(root.section("admin"));
    Settings {
        daemon: settings::daemon(root.section("daemon"), folder, env),
        fetch,
        article: settings::article(root.section("article")),
        digests: digests::digests(root, places, topic_keys, admin.recipients.first()),
        smtp: smtp::smtp(root.section("smtp"), folder, env),
        web: web::web(root.section("web")),
        admin,
        retention: keeping::retention(root.section("retention")),
        metrics: keeping::metrics(root.section("metrics"), folder, env),
    }
}

/// Where the neighbours are, and what relative paths are relative to.
fn folder_of(file: Option<&Path>) -> &Path {
    file.and_then(Path::parent).unwrap_or(Path::new(""))
}

/// Whether every user of this machine may read the file.
fn open_to_all(file: Option<&Path>) -> bool {
    let metadata = file.and_then(|file| file.metadata().ok());
    metadata.is_some_and(|metadata| secret::mode(&metadata) & 0o004 != 0)
}

fn no_contact() -> Wrong {
    wrong(
        words(
            "[fetch] has no contact: newspapers cannot tell whom to write to when something troubles them",
            "[fetch] chưa có contact: các báo không biết liên hệ với ai khi có trục trặc",
        ),
        words(
            "write contact = \"quantri@tinhuy.vn\" with your own address under [fetch]",
            "viết contact = \"quantri@tinhuy.vn\" (địa chỉ của cơ quan) trong mục [fetch]",
        ),
    )
}

/// Looks at a document that was read before: its syntax and its single values were told.
fn look_again(text: &Text, problems: &mut Vec<Problem>, look: impl FnOnce(&Section<'_>)) {
    let sheet = Sheet::new(&text.name, &text.text);
    let (document, _) = toml::de::DeTable::parse_recoverable(&text.text);
    look(&Section::root(&sheet, &document));
    drop(document);
    problems.extend(sheet.into_problems());
}

/// A file's document, its problems added to `problems`; `None` where it is not TOML.
fn with_root<T>(
    text: &Text,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&Section<'_>) -> T,
) -> Option<T> {
    let sheet = Sheet::new(&text.name, &text.text);
    let document = sheet.parse();
    let value = document.as_ref().map(|document| {
        let root = Section::root(&sheet, document);
        let value = read(&root);
        root.close(&[]);
        value
    });
    drop(document);
    problems.extend(sheet.into_problems());
    value
}
