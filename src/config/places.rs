//! `provinces.toml`: the 34 units since 1 July 2025, and which of them took over each of the 63 before.

use super::problem::{Problem, Wrong, did_you_mean, quoted, words, wrong};
use super::raw::{Section, Sheet};
use super::value;
use crate::text::fold::fold;
use std::collections::HashMap;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvinceKind {
    /// Tỉnh.
    Province,
    /// Thành phố trực thuộc Trung ương.
    City,
}

/// One of the units of the first level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Province {
    /// Its stable key, such as `an-giang`.
    pub key: String,
    /// Its name without "tỉnh" or "thành phố", as printed.
    pub name: String,
    /// What it is.
    pub kind: ProvinceKind,
    /// The region it is listed under.
    pub region: String,
    /// The units before 1 July 2025 that it consists of, its own former self included.
    pub former: Vec<String>,
    /// Further spellings of its name of today, such as "TP.HCM".
    pub aliases: Vec<String>,
}

/// What a name is to the units of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'p> {
    /// A unit of today.
    Today(&'p Province),
    /// A former unit, now part of this one.
    Former(&'p Province),
}

/// All units, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places {
    provinces: Vec<Province>,
    /// Folded key, name, alias or former name, to the unit and whether it is that unit today.
    by_name: HashMap<String, (usize, bool)>,
}

impl Places {
    /// The units, in the order of the file.
    pub fn all(&self) -> &[Province] {
        &self.provinces
    }

    /// The unit of a key.
    pub fn get(&self, key: &str) -> Option<&Province> {
        self.provinces.iter().find(|province| province.key == key)
    }

    /// The unit of a key or a name, in any spelling, with or without "tỉnh" before it; former names too.
    pub fn find(&self, name: &str) -> Option<Place<'_>> {
        let found = self.by_name.get(&plain(name));
        let found = found.or_else(|| self.by_name.get(&plain(without_kind(name))));
        let (index, today) = found?;
        let province = &self.provinces[*index];
        Some(match today {
            true => Place::Today(province),
            false => Place::Former(province),
        })
    }

    /// The units that the binary carries.
    pub fn builtin() -> Self {
        // Held by the test `the_shipped_files_load`: the file in the binary has no problem.
        Self::parse("provinces.toml", super::embedded::PROVINCES).unwrap_or_default()
    }

    /// The units of a file.
    ///
    /// # Errors
    /// Everything that is wrong with it, with `file` as its name.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let sheet = Sheet::new(file, text);
        let mut places = Self::default();
        if let Some(document) = sheet.parse() {
            let root = Section::root(&sheet, &document);
            for section in root.sections("province") {
                places.take(section);
            }
            root.close(&[]);
        }
        match sheet.into_problems() {
            problems if problems.is_empty() => Ok(places),
            problems => Err(problems),
        }
    }

    fn take(&mut self, section: Section<'_>) {
        let kinds = [
            ("tỉnh", ProvinceKind::Province),
            ("thành phố", ProvinceKind::City),
        ];
        let key = section.need_text("key", "an-giang", value::key);
        let name = section.need_text("name", "An Giang", value::line);
        let kind = section.need_text("kind", "tỉnh", value::one_of(&kinds));
        let region = section.need_text("region", "Đồng bằng sông Cửu Long", value::line);
        let former = section.list("former", "Kiên Giang", value::line);
        let aliases = section.list("aliases", "TP.HCM", value::line);
        let (former, aliases) = (former.unwrap_or_default(), aliases.unwrap_or_default());
        if let (Some(key), Some(name), Some(kind), Some(region)) = (key, name, kind, region) {
            let index = self.provinces.len();
            let today = [&key, &name].into_iter().chain(&aliases);
            for (word, is_today) in today
                .map(|word| (word, true))
                .chain(former.iter().map(|word| (word, false)))
            {
                let holder = self.by_name.entry(plain(&word.value));
                let (held_by, _) = *holder.or_insert((index, is_today));
                if held_by != index {
                    let other = &self.provinces[held_by].name;
                    section.error(&word.span, twice(&word.value, other));
                }
            }
            let owned = |words: Vec<super::raw::At<String>>| {
                words.into_iter().map(|word| word.value).collect()
            };
            self.provinces.push(Province {
                key: key.value,
                name: name.value,
                kind: kind.value,
                region: region.value,
                former: owned(former),
                aliases: owned(aliases),
            });
        }
        section.close(&[]);
    }

    /// Reads a unit of today as an admin writes it: key or name. A former name is refused with the name of today.
    pub(crate) fn read_key(&self, text: &str) -> Result<String, Wrong> {
        match self.find(text) {
            Some(Place::Today(province)) => Ok(province.key.clone()),
            Some(Place::Former(province)) => Err(wrong(
                words(
                    format!(
                        "{} is a former name: since 1 July 2025 it is part of {}",
                        quoted(text),
                        province.name
                    ),
                    format!(
                        "{} là tên cũ: từ ngày 1/7/2025 thuộc {}",
                        quoted(text),
                        province.name
                    ),
                ),
                words(
                    format!("write \"{}\"", province.key),
                    format!("viết \"{}\"", province.key),
                ),
            )),
            None => {
                let near = did_you_mean(text, self.provinces.iter().map(|p| p.key.as_str()));
                let how = match near {
                    Some(key) => words(
                        format!("did you mean \"{key}\"?"),
                        format!("có phải định viết \"{key}\"?"),
                    ),
                    None => words(
                        "write a key or name of provinces.toml, such as \"an-giang\"",
                        "viết khóa hoặc tên có trong provinces.toml, ví dụ \"an-giang\"",
                    ),
                };
                let what = words(
                    format!("there is no province {}", quoted(text)),
                    format!("không có tỉnh, thành phố nào tên {}", quoted(text)),
                );
                Err(wrong(what, how))
            }
        }
    }
}

/// A name for comparison: folded, letters and digits only ("Bà Rịa - Vũng Tàu" = "ba-ria-vung-tau").
fn plain(name: &str) -> String {
    fold(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A name without the word for what it is.
fn without_kind(name: &str) -> &str {
    let name = name.trim();
    [
        "tỉnh ",
        "Tỉnh ",
        "thành phố ",
        "Thành phố ",
        "TP. ",
        "TP ",
        "TP.",
    ]
    .iter()
    .find_map(|kind| name.strip_prefix(kind))
    .unwrap_or(name)
}

fn twice(name: &str, other: &str) -> Wrong {
    wrong(
        words(
            format!("{} already belongs to {other}", quoted(name)),
            format!("{} đã thuộc {other}", quoted(name)),
        ),
        words(
            "leave it with one of the two",
            "chỉ để tên này ở một trong hai nơi",
        ),
    )
}
