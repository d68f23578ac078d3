//! Edits of `feeds.toml` that keep its comments, its order and its style. Pure: text in, text out; [`replace`] alone
//! touches a file, and leaves either the old one or the new one.

use crate::model::{FeedKey, SourceKey};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, value};
use url::Url;

/// Why an edit was not made; the text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not TOML, or `source` is no list of sections: `diembao check` says where.
    #[error(
        "feeds.toml cannot be edited before its mistakes are mended; `diembao check` names them"
    )]
    Broken,
    /// There is no source with this key.
    #[error("there is no source {0}")]
    NoSource(SourceKey),
    /// There is no feed with this key.
    #[error("there is no feed {0}")]
    NoFeed(FeedKey),
    /// Somebody else wrote the file between reading and writing.
    #[error("{path} was changed by somebody else meanwhile; nothing was written, try again")]
    Changed {
        /// Which.
        path: String,
    },
    /// The file could not be written; the old one is untouched.
    #[error("{path} cannot be written: {why}")]
    Io {
        /// Which.
        path: String,
        /// Why not.
        why: String,
    },
}

/// A feed to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFeed {
    /// Its own part of the key; `None`: its section, else the general one.
    pub key: Option<String>,
    /// The section that it serves.
    pub section: Option<String>,
    /// Its address.
    pub url: Url,
    /// Whether it is polled.
    pub enabled: bool,
    /// Whether somebody has seen it answer.
    pub verified: bool,
}

/// A source to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSource {
    /// Its key.
    pub key: SourceKey,
    /// Its name, as printed in the mail.
    pub name: String,
    /// The key of its province; none for the central press.
    pub province: Option<String>,
    /// Its host.
    pub domain: String,
}

/// The text of a `feeds.toml` under the pen.
#[derive(Debug)]
pub struct FeedsFile {
    document: DocumentMut,
}

impl FeedsFile {
    /// # Errors
    /// [`EditError::Broken`].
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let document: DocumentMut = text.parse().map_err(|_| EditError::Broken)?;
        let sound = match document.get("source") {
            None => true,
            Some(item) => item.is_array_of_tables(),
        };
        sound.then_some(Self { document }).ok_or(EditError::Broken)
    }

    /// The whole text as it stands now.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// Adds a source behind all others.
    pub fn add_source(&mut self, source: &NewSource) {
        let mut table = Table::new();
        table["key"] = value(source.key.as_str());
        table["name"] = value(&source.name);
        if let Some(province) = &source.province {
            table["province"] = value(province);
        }
        table["domain"] = value(&source.domain);
        table.decor_mut().set_prefix("\n");
        let sources = self
            .document
            .entry("source")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(sources) = sources.as_array_of_tables_mut() {
            sources.push(table);
        }
    }

    /// Adds a feed behind the others of its source.
    ///
    /// # Errors
    /// [`EditError::NoSource`].
    pub fn add_feed(&mut self, source: &SourceKey, feed: &NewFeed) -> Result<(), EditError> {
        let table = self.source(source)?;
        let mut written = Table::new();
        if let Some(key) = &feed.key {
            written["key"] = value(key);
        }
        if let Some(section) = &feed.section {
            written["section"] = value(section);
        }
        written["url"] = value(feed.url.as_str());
        if !feed.enabled {
            written["enabled"] = value(false);
        }
        if feed.verified {
            written["verified"] = value(true);
        }
        written.decor_mut().set_prefix("\n");
        table
            .entry("feed")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
            .as_array_of_tables_mut()
            .ok_or(EditError::Broken)?
            .push(written);
        Ok(())
    }

    /// Takes a feed out, with the remark that stands right above it.
    ///
    /// # Errors
    /// [`EditError::NoFeed`].
    pub fn remove_feed(&mut self, key: &FeedKey) -> Result<(), EditError> {
        let (source, nth) = self.find(key)?;
        let table = self.source(&source)?;
        let feeds = table.get_mut("feed").and_then(Item::as_array_of_tables_mut);
        let feeds = feeds.ok_or_else(|| EditError::NoFeed(key.clone()))?;
        let kept = feeds.get(nth).map(remarks_to_keep).unwrap_or_default();
        feeds.remove(nth);
        let emptied = feeds.is_empty();
        match feeds.get_mut(nth) {
            Some(next) => put_before(next, &kept),
            None => self.put_after(&source, &kept),
        }
        if emptied {
            self.source(&source)?.remove("feed");
        }
        Ok(())
    }

    /// Takes a source out with all its feeds, and the remark that stands right above it.
    ///
    /// # Errors
    /// [`EditError::NoSource`].
    pub fn remove_source(&mut self, key: &SourceKey) -> Result<(), EditError> {
        let nth = self.position(key)?;
        let sources = self.sources().ok_or(EditError::Broken)?;
        let kept = sources.get(nth).map(remarks_to_keep).unwrap_or_default();
        sources.remove(nth);
        let emptied = sources.is_empty();
        match sources.get_mut(nth) {
            Some(next) => put_before(next, &kept),
            None => self.put_at_end(&kept),
        }
        if emptied {
            self.document.remove("source");
        }
        Ok(())
    }

    /// Gives a feed another address.
    ///
    /// # Errors
    /// [`EditError::NoFeed`].
    pub fn set_url(&mut self, key: &FeedKey, url: &Url) -> Result<(), EditError> {
        set(self.feed(key)?, "url", url.as_str().into());
        Ok(())
    }

    /// Says whether a feed was seen to answer, or is polled: `verified`, `enabled`.
    ///
    /// # Errors
    /// [`EditError::NoFeed`].
    pub fn set_flag(&mut self, key: &FeedKey, name: &str, flag: bool) -> Result<(), EditError> {
        set(self.feed(key)?, name, flag.into());
        Ok(())
    }

    fn sources(&mut self) -> Option<&mut ArrayOfTables> {
        self.document
            .get_mut("source")
            .and_then(Item::as_array_of_tables_mut)
    }

    fn position(&self, key: &SourceKey) -> Result<usize, EditError> {
        self.document
            .get("source")
            .and_then(Item::as_array_of_tables)
            .and_then(|sources| {
                sources
                    .iter()
                    .position(|s| text_of(s, "key") == Some(key.as_str()))
            })
            .ok_or_else(|| EditError::NoSource(key.clone()))
    }

    fn source(&mut self, key: &SourceKey) -> Result<&mut Table, EditError> {
        let nth = self.position(key)?;
        self.sources()
            .and_then(|sources| sources.get_mut(nth))
            .ok_or_else(|| EditError::NoSource(key.clone()))
    }

    /// The source of a feed, and its place among the source's feeds.
    fn find(&self, key: &FeedKey) -> Result<(SourceKey, usize), EditError> {
        let none = || EditError::NoFeed(key.clone());
        let (source, own) = key.as_str().split_once('/').ok_or_else(none)?;
        let source = SourceKey::from(source);
        let nth = self.position(&source).map_err(|_| none())?;
        self.document
            .get("source")
            .and_then(Item::as_array_of_tables)
            .and_then(|sources| sources.get(nth)?.get("feed")?.as_array_of_tables())
            .and_then(|feeds| feeds.iter().position(|feed| own_key(feed) == own))
            .map(|nth| (source, nth))
            .ok_or_else(none)
    }

    fn feed(&mut self, key: &FeedKey) -> Result<&mut Table, EditError> {
        let (source, nth) = self.find(key)?;
        self.source(&source)?
            .get_mut("feed")
            .and_then(Item::as_array_of_tables_mut)
            .and_then(|feeds| feeds.get_mut(nth))
            .ok_or_else(|| EditError::NoFeed(key.clone()))
    }

    /// Puts remarks before whatever follows a source.
    fn put_after(&mut self, source: &SourceKey, remarks: &str) {
        let next = self.position(source).map(|nth| nth + 1);
        let next = next.ok().and_then(|nth| self.sources()?.get_mut(nth));
        match next {
            Some(next) => put_before(next, remarks),
            None => self.put_at_end(remarks),
        }
    }

    fn put_at_end(&mut self, remarks: &str) {
        let end = self
            .document
            .trailing()
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.document.set_trailing(format!("{remarks}{end}"));
    }
}

/// The part of a feed's key that is its own, as the reader of the file makes it.
fn own_key(feed: &Table) -> &str {
    text_of(feed, "key")
        .or_else(|| text_of(feed, "section"))
        .unwrap_or(super::sources::GENERAL)
}

fn text_of<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key).and_then(Item::as_str)
}

/// Writes a value in the place of the old one, whose remark stays.
fn set(table: &mut dyn TableLike, key: &str, new: toml_edit::Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, Item::Value(new));
        }
    }
}

/// What stands above a section and is not of it: all but the remark right above its title.
fn remarks_to_keep(table: &Table) -> String {
    let above = table
        .decor()
        .prefix()
        .and_then(|raw| raw.as_str())
        .unwrap_or_default();
    match above.rfind("\n\n") {
        Some(at) if above[..at].contains('#') => above[..=at].to_owned(),
        _ => String::new(),
    }
}

fn put_before(table: &mut Table, remarks: &str) {
    if !remarks.is_empty() {
        let above = table
            .decor()
            .prefix()
            .and_then(|raw| raw.as_str())
            .unwrap_or_default();
        let above = format!("{remarks}{above}");
        table.decor_mut().set_prefix(above);
    }
}

/// Puts `new` in the place of the file at `path`, which held `old` when it was read (`None`: there was none). The file
/// keeps its permissions; a link is followed, its target replaced. Complete, or not at all.
///
/// # Errors
/// [`EditError::Changed`], [`EditError::Io`]; then the old file is untouched.
pub fn replace(path: &Path, old: Option<&str>, new: &str) -> Result<(), EditError> {
    let failed = |error: io::Error| EditError::Io {
        path: path.display().to_string(),
        why: error.to_string(),
    };
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    let there = match fs::read_to_string(&target) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    if there.as_deref() != old {
        return Err(EditError::Changed {
            path: path.display().to_string(),
        });
    }
    let part = PathBuf::from(format!("{}.new-{}", target.display(), std::process::id()));
    let written = write_beside(&part, &target, new).and_then(|()| fs::rename(&part, &target));
    if written.is_err() {
        // What was begun is no use to anybody; failing to remove it changes nothing of the error.
        let _ = fs::remove_file(&part);
    }
    written.map_err(failed)?;
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

fn write_beside(part: &Path, target: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(part)?;
    if let Ok(metadata) = fs::metadata(target) {
        file.set_permissions(metadata.permissions())?;
        same_owner(&file, &metadata);
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Root edits a file that the service's group reads: the new one stays readable to it.
fn same_owner(file: &File, metadata: &fs::Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        // Only root may give files away; for anybody else the file is theirs already.
        let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
    }
    #[cfg(not(unix))]
    let _ = (file, metadata);
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
