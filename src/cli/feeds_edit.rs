//! `feeds add|remove|import|export`: `feeds.toml` edited for the admin. Comments and order stay; what would not load is
//! not written.

use super::app::{self, AppError};
use super::args::{AddFeed, Args};
use super::out;
use crate::config::edit::{self, FeedsFile, NewFeed, NewSource};
use crate::config::opml::{self, Outline};
use crate::config::{self, Config, Place, Problems, Severity, embedded};
use crate::model::{FeedKey, Source, SourceKey};
use crate::text::fold::fold;
use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use url::Url;

/// Words that stand for sections in a feed's own key.
const KEY_MAX_CHARS: usize = 40;

/// `feeds.toml` as it is, and under the pen.
struct Desk {
    path: PathBuf,
    /// What stands in the file; `None` where there is none yet and the program's own list holds.
    old: Option<String>,
    file: FeedsFile,
    config: Config,
}

impl Desk {
    fn open(args: &Args) -> Result<Self, AppError> {
        let config = app::load_config(args).map_err(AppError::Config)?;
        let settings = config.file.clone().ok_or_else(|| {
            AppError::Usage(
                "chưa có thư mục thiết lập để ghi: hãy chép config/diembao.toml vào /etc/diembao, hoặc dùng --config"
                    .to_owned(),
            )
        })?;
        let path = settings.with_file_name("feeds.toml");
        let old = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => None,
            Err(err) => return Err(work(format!("{}: {err}", path.display()))),
        };
        let text = old.as_deref().unwrap_or(embedded::FEEDS);
        let file = FeedsFile::parse(text).map_err(edit_error)?;
        Ok(Self {
            path,
            old,
            file,
            config,
        })
    }

    /// Writes what was changed, if it loads; else refuses it and says why.
    fn write(&self) -> Result<(), AppError> {
        let new = self.file.text();
        let settings = self.path.with_file_name("diembao.toml");
        let settings = self.config.file.clone().unwrap_or(settings);
        let problems = config::check_feeds(&settings, &new);
        if problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
        {
            return Err(AppError::Config(Problems(problems)));
        }
        edit::replace(&self.path, self.old.as_deref(), &new).map_err(edit_error)
    }

    fn source(&self, key: &SourceKey) -> Option<&Source> {
        self.config.sources.iter().find(|source| source.key == *key)
    }

    /// The source that a host belongs to, by its name of today or a former one.
    fn source_of(&self, url: &Url) -> Option<&Source> {
        let host = host_of(url);
        self.config.sources.iter().find(|source| {
            std::iter::once(&source.domain)
                .chain(&source.aliases)
                .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
        })
    }

    fn has_url(&self, url: &Url) -> Option<FeedKey> {
        let same = config::same_address(url);
        self.config
            .sources
            .iter()
            .flat_map(|source| &source.feeds)
            .find(|feed| config::same_address(&feed.url) == same)
            .map(|feed| feed.key.clone())
    }
}

/// `feeds add`.
pub fn add(args: &Args, new: &AddFeed) -> Result<(), AppError> {
    let mut desk = Desk::open(args)?;
    let url = web_address(&new.url)?;
    if let Some(known) = desk.has_url(&url) {
        return Err(AppError::Usage(format!("địa chỉ này đã có: {known}")));
    }
    let (source, made) = source_for(&desk, new, &url)?;
    if let Some(made) = &made {
        desk.file.add_source(made);
    }
    let feed = NewFeed {
        key: new.key.clone(),
        section: new.section.clone(),
        url,
        enabled: true,
        verified: false,
    };
    desk.file.add_feed(&source, &feed).map_err(edit_error)?;
    desk.write()?;
    let own = new
        .key
        .as_deref()
        .or(new.section.as_deref())
        .unwrap_or("chung");
    if made.is_some() {
        out::line(&format!("Đã thêm nguồn {source}."));
    }
    out::line(&format!(
        "Đã thêm {source}/{own} vào {}. Thử ngay: diembao feeds test {source}/{own}",
        desk.path.display()
    ));
    out::line(TAKES_EFFECT);
    Ok(())
}

const TAKES_EFFECT: &str = "Có hiệu lực sau: sudo systemctl reload diembao";

/// The source to add to, and the new one to be written, if it is new.
fn source_for(
    desk: &Desk,
    new: &AddFeed,
    url: &Url,
) -> Result<(SourceKey, Option<NewSource>), AppError> {
    if let Some(key) = &new.source {
        let key = SourceKey::from(key.as_str());
        if desk.source(&key).is_some() {
            return Ok((key, None));
        }
        if new.name.is_none() {
            return Err(AppError::Usage(format!(
                "không có nguồn {key}; muốn tạo nguồn mới thì thêm --name \"Báo …\""
            )));
        }
    } else if let Some(known) = desk.source_of(url) {
        return Ok((known.key.clone(), None));
    }
    let Some(name) = &new.name else {
        return Err(AppError::Usage(format!(
            "{} chưa thuộc nguồn nào; thêm --source KHÓA nếu là của một báo đã có, hoặc --name \"Báo …\" (và --province) để tạo nguồn mới",
            host_of(url)
        )));
    };
    let made = NewSource {
        key: new
            .source
            .as_deref()
            .map_or_else(|| SourceKey(slug(name)), SourceKey::from),
        name: name.clone(),
        province: new
            .province
            .as_deref()
            .map(|name| province(desk, name))
            .transpose()?,
        domain: host_of(url),
    };
    Ok((made.key.clone(), Some(made)))
}

fn province(desk: &Desk, name: &str) -> Result<String, AppError> {
    match desk.config.places.find(name) {
        Some(Place::Today(province) | Place::Former(province)) => Ok(province.key.clone()),
        None => Err(AppError::Usage(format!(
            "không có tỉnh, thành phố nào tên {name:?}"
        ))),
    }
}

/// `feeds remove`.
pub fn remove(args: &Args, feeds: &[String]) -> Result<(), AppError> {
    let mut desk = Desk::open(args)?;
    for name in feeds {
        let done = match name.contains('/') {
            true => desk.file.remove_feed(&FeedKey(name.clone())),
            false => desk.file.remove_source(&SourceKey::from(name.as_str())),
        };
        done.map_err(|err| AppError::Usage(err.to_string()))?;
    }
    desk.write()?;
    out::line(&format!(
        "Đã bỏ {} khỏi {}; tin đã đọc vẫn được giữ.",
        feeds.join(", "),
        desk.path.display()
    ));
    out::line(TAKES_EFFECT);
    Ok(())
}

/// `feeds export`.
pub fn export(args: &Args, file: Option<&Path>) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let mut outlines = Vec::new();
    for source in &config.sources {
        let province = source
            .province
            .as_deref()
            .and_then(|key| config.places.get(key));
        let groups = match province {
            Some(province) => vec![province.region.clone(), province.name.clone()],
            None => vec!["Báo chí Trung ương".to_owned()],
        };
        for feed in &source.feeds {
            outlines.push(Outline {
                groups: groups.clone(),
                title: source.name.clone(),
                url: Some(feed.url.clone()),
                home: Url::parse(&format!("https://{}/", source.domain)).ok(),
                category: feed.section.clone(),
                key: Some(feed.key.to_string()),
                enabled: feed.enabled,
                line: 0,
            });
        }
    }
    let text = opml::print("Nguồn tin của diembao", &outlines);
    match file {
        None => {
            out::line(text.trim_end());
            Ok(())
        }
        Some(path) => {
            let old = std::fs::read_to_string(path).ok();
            edit::replace(path, old.as_deref(), &text).map_err(edit_error)?;
            out::line(&format!(
                "Đã ghi {} nguồn tin vào {}.",
                outlines.len(),
                path.display()
            ));
            Ok(())
        }
    }
}

/// `feeds import`.
pub fn import(args: &Args, file: &Path, dry_run: bool) -> Result<(), AppError> {
    let text = read_bounded(file)?;
    let name = file.display().to_string();
    let outlines =
        opml::parse(&name, &text).map_err(|problem| AppError::Config(Problems(vec![*problem])))?;
    let mut desk = Desk::open(args)?;
    let mut added = Vec::new();
    let mut there = 0;
    let mut urls = HashSet::new();
    for outline in &outlines {
        let Some(url) = &outline.url else { continue };
        if desk.has_url(url).is_some() || !urls.insert(config::same_address(url)) {
            there += 1;
            continue;
        }
        added.push(put(&mut desk, outline, url)?);
    }
    if !dry_run && !added.is_empty() {
        desk.write()?;
    }
    for key in &added {
        out::line(&format!("  + {key}"));
    }
    let done = if dry_run { "Sẽ thêm" } else { "Đã thêm" };
    out::line(&format!(
        "{done} {} nguồn tin; {there} đã có sẵn.",
        added.len()
    ));
    if !dry_run && !added.is_empty() {
        out::line(TAKES_EFFECT);
    }
    Ok(())
}

/// Writes one outline into the file: its source if it is new, then the feed under a key that is free.
fn put(desk: &mut Desk, outline: &Outline, url: &Url) -> Result<FeedKey, AppError> {
    let (named_source, named_feed) = outline
        .key
        .as_deref()
        .and_then(|key| key.split_once('/'))
        .map_or((None, None), |(source, feed)| {
            (Some(slug(source)), Some(slug(feed)))
        });
    let home = outline.home.as_ref().unwrap_or(url);
    let known = named_source
        .as_ref()
        .and_then(|key| desk.source(&SourceKey::from(key.as_str())))
        .or_else(|| desk.source_of(home))
        .or_else(|| desk.source_of(url))
        .map(|source| source.key.clone());
    let source = match known {
        Some(key) => key,
        None => {
            let key = named_source.unwrap_or_else(|| slug(&host_of(home).replace('.', "-")));
            let key = SourceKey(free(key, |key| {
                desk.source(&SourceKey::from(key)).is_some()
            }));
            new_source(desk, outline, home, &key);
            key
        }
    };
    let section = outline
        .category
        .as_deref()
        .map(slug)
        .filter(|slug| !slug.is_empty());
    let own = named_feed
        .or_else(|| section.clone())
        .unwrap_or_else(|| "chung".to_owned());
    let taken = |own: &str| {
        desk.source(&source).is_some_and(|source| {
            source
                .feeds
                .iter()
                .any(|feed| feed.key.as_str().ends_with(&format!("/{own}")))
        })
    };
    let own = free(own, taken);
    let feed = NewFeed {
        key: (Some(&own) != section.as_ref() && own != "chung").then(|| own.clone()),
        section,
        url: url.clone(),
        enabled: outline.enabled,
        verified: false,
    };
    desk.file.add_feed(&source, &feed).map_err(edit_error)?;
    note(desk, &source, &own, &feed);
    Ok(FeedKey(format!("{source}/{own}")))
}

fn new_source(desk: &mut Desk, outline: &Outline, home: &Url, key: &SourceKey) {
    // The innermost group that is a province: "Miền Nam / An Giang".
    let province =
        outline
            .groups
            .iter()
            .rev()
            .find_map(|group| match desk.config.places.find(group) {
                Some(Place::Today(province) | Place::Former(province)) => {
                    Some(province.key.clone())
                }
                None => None,
            });
    let name = match outline.title.is_empty() {
        true => host_of(home),
        false => outline.title.clone(),
    };
    let new = NewSource {
        key: key.clone(),
        name: name.clone(),
        province: province.clone(),
        domain: host_of(home),
    };
    desk.file.add_source(&new);
    desk.config.sources.push(Source {
        key: key.clone(),
        name,
        province,
        domain: new.domain,
        aliases: Vec::new(),
        rank: 0,
        publisher: None,
        page_rules: Default::default(),
        user_agent: None,
        time_zone: None,
        feeds: Vec::new(),
    });
}

/// Remembers a feed that was written, so that the next outline knows of it.
fn note(desk: &mut Desk, source: &SourceKey, own: &str, feed: &NewFeed) {
    if let Some(source) = desk
        .config
        .sources
        .iter_mut()
        .find(|known| known.key == *source)
    {
        source.feeds.push(crate::model::FeedSpec {
            key: FeedKey(format!("{}/{own}", source.key)),
            url: feed.url.clone(),
            kind: crate::model::FeedKind::Feed,
            section: feed.section.clone(),
            enabled: feed.enabled,
            verified: false,
            list: None,
        });
    }
}

/// `word`, or `word-2`, `word-3` … where it is taken.
fn free(word: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&word) {
        return word;
    }
    (2..)
        .map(|nth| format!("{word}-{nth}"))
        .find(|other| !taken(other))
        .unwrap_or(word)
}

/// A name as a key: folded words joined by `-`.
fn slug(name: &str) -> String {
    let folded = fold(name);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let slug: String = words.join("-").chars().take(KEY_MAX_CHARS).collect();
    slug.trim_end_matches('-').to_owned()
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

fn web_address(text: &str) -> Result<Url, AppError> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
    });
    url.ok_or_else(|| {
        AppError::Usage(format!(
            "{text:?} không phải địa chỉ http(s), hoặc có kèm mật khẩu"
        ))
    })
}

fn read_bounded(file: &Path) -> Result<String, AppError> {
    let limit = u64::try_from(opml::FILE_MAX_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().take(limit).read_to_end(&mut bytes),
        false => {
            std::fs::File::open(file).and_then(|opened| opened.take(limit).read_to_end(&mut bytes))
        }
    };
    read.map_err(|err| AppError::Usage(format!("{}: {err}", file.display())))?;
    String::from_utf8(bytes)
        .map_err(|_| AppError::Usage(format!("{}: không phải văn bản UTF-8", file.display())))
}

fn edit_error(err: edit::EditError) -> AppError {
    AppError::Work(err.into())
}

fn work(what: String) -> AppError {
    AppError::Work(anyhow::anyhow!(what))
}
