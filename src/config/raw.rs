//! A config file as it was written: every value with its place, every key accounted for.
//!
//! serde would stop at the first trouble and forget where it was. So the document is walked: a section is asked for
//! each key it may hold, and what nobody asked for is unknown. Nothing here knows what a key means.

use super::problem::{Problem, Severity, Words, Wrong, quoted, suggestion, words, wrong};
use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Syntax errors reported of one file: after these, the rest is mostly their echo.
const SYNTAX_ERRORS_MAX: usize = 20;

/// Problems reported of one file; a file with more is the wrong file.
const PROBLEMS_MAX: usize = 500;

/// A value and the bytes where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// One file's text, and what was found wrong in it so far.
pub(crate) struct Sheet<'t> {
    file: String,
    text: &'t str,
    line_starts: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Sheet<'t> {
    pub(crate) fn new(file: &str, text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file: file.to_owned(),
            text,
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
            problems: RefCell::default(),
        }
    }

    /// The document, or `None` after its syntax errors were reported.
    pub(crate) fn parse(&self) -> Option<Spanned<DeTable<'t>>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        let mut before = None;
        for error in errors.iter().take(SYNTAX_ERRORS_MAX) {
            let span = error.span().unwrap_or(0..0);
            let wrong = match self.odd_character(&span) {
                Some(c) => odd_blank(c),
                None => syntax(error.message()),
            };
            // One open bracket makes every further line wrong in the same way: the first is the one to mend.
            if before.as_ref() != Some(&wrong.how) {
                before = Some(wrong.how.clone());
                self.error(&span, wrong);
            }
        }
        errors.is_empty().then_some(document)
    }

    /// A blank that TOML does not take for one, where a syntax error begins.
    fn odd_character(&self, span: &Range<usize>) -> Option<char> {
        let line_end = self
            .text
            .get(span.start..)?
            .find('\n')
            .unwrap_or(self.text.len() - span.start);
        let rest = self.text.get(span.start..span.start + line_end)?;
        rest.chars().take(span.len().max(1)).find(|c| {
            matches!(
                c,
                '\u{a0}' | '\u{2000}'..='\u{200f}' | '\u{202f}' | '\u{3000}' | '\u{feff}'
            )
        })
    }

    pub(crate) fn error(&self, span: &Range<usize>, wrong: Wrong) {
        self.report(span, Severity::Error, wrong);
    }

    pub(crate) fn warn(&self, span: &Range<usize>, wrong: Wrong) {
        self.report(span, Severity::Warning, wrong);
    }

    fn report(&self, span: &Range<usize>, severity: Severity, wrong: Wrong) {
        let mut problems = self.problems.borrow_mut();
        // Room is kept for errors: lost among warnings, the config would be taken.
        let most = match severity {
            Severity::Warning => PROBLEMS_MAX / 2,
            Severity::Error => PROBLEMS_MAX,
        };
        if problems.len() >= most {
            return;
        }
        let (line, column) = self.position(span.start);
        problems.push(Problem::at(&self.file, line, column, severity, wrong));
    }

    /// Line and column from 1, the column in characters.
    pub(crate) fn position(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= byte);
        let start = self.line_starts[line - 1];
        let chars = self
            .text
            .get(start..byte)
            .map_or(0, |before| before.chars().count());
        (line, chars + 1)
    }

    /// All that was reported, in the order of the file.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems
    }
}

/// A table of the document, asked for its keys one by one; [`Section::close`] reports those never asked for.
pub(crate) struct Section<'d> {
    sheet: &'d Sheet<'d>,
    /// As an admin writes it: `[fetch]`, `[[digest]]`; empty for the document.
    title: String,
    table: &'d DeTable<'d>,
    /// Where it begins.
    pub span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    /// The document itself.
    pub(crate) fn root(sheet: &'d Sheet<'d>, document: &'d Spanned<DeTable<'d>>) -> Self {
        Self::new(sheet, String::new(), document.get_ref(), 0..0)
    }

    fn new(
        sheet: &'d Sheet<'d>,
        title: String,
        table: &'d DeTable<'d>,
        span: Range<usize>,
    ) -> Self {
        Self {
            sheet,
            title,
            table,
            span,
            asked: RefCell::default(),
        }
    }

    /// Reports an error at a place of this file.
    pub(crate) fn error(&self, span: &Range<usize>, wrong: Wrong) {
        self.sheet.error(span, wrong);
    }

    /// Reports a warning at a place of this file.
    pub(crate) fn warn(&self, span: &Range<usize>, wrong: Wrong) {
        self.sheet.warn(span, wrong);
    }

    fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Whether the key is written, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a single section stands at the key.
    pub(crate) fn is_table(&self, key: &str) -> bool {
        self.table
            .get(key)
            .is_some_and(|value| value.get_ref().is_table())
    }

    /// Where the key is written, else where the section begins.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        self.table
            .keys()
            .find(|written| written.get_ref() == key)
            .map_or(self.span.clone(), Spanned::span)
    }

    /// A string, read by `read`; `example` shows how one looks.
    pub(crate) fn text<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<At<T>> {
        let value = self.value(key)?;
        let span = value.span();
        match value.get_ref() {
            DeValue::String(text) => match read(text) {
                Ok(value) => Some(At { value, span }),
                Err(wrong) => self.refuse_value(&span, wrong),
            },
            other => self.refuse_value(&span, wrong_type(key, other, "a string", "chuỗi", example)),
        }
    }

    /// As [`Self::text`], and its absence is an error.
    pub(crate) fn need_text<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<At<T>> {
        if !self.has(key) {
            self.asked.borrow_mut().push(key);
            let title = &self.title;
            self.error(
                &self.span,
                wrong(
                    words(
                        format!("{title} has no \"{key}\""),
                        format!("{title} thiếu \"{key}\""),
                    ),
                    words(
                        format!("add a line: {key} = \"{example}\""),
                        format!("thêm dòng: {key} = \"{example}\""),
                    ),
                ),
            );
            return None;
        }
        self.text(key, example, read)
    }

    /// A string, if one is written here; reports nothing.
    pub(crate) fn peek(&self, key: &str) -> Option<At<&'d str>> {
        let value = self.table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At {
                value: text,
                span: value.span(),
            }),
            _ => None,
        }
    }

    /// The strings of a list, if one is written here; reports nothing.
    pub(crate) fn peek_list(&self, key: &str) -> Vec<At<&'d str>> {
        let Some(DeValue::Array(items)) = self.table.get(key).map(Spanned::get_ref) else {
            return Vec::new();
        };
        let text = |item: &'d Spanned<DeValue<'d>>| match item.get_ref() {
            DeValue::String(text) => Some(At {
                value: text.as_ref(),
                span: item.span(),
            }),
            _ => None,
        };
        items.iter().filter_map(text).collect()
    }

    /// A sub-section, if one is written here; reports nothing.
    pub(crate) fn peek_section(&self, key: &'static str) -> Option<Section<'d>> {
        match self.table.get(key)?.get_ref() {
            DeValue::Table(table) => {
                let title = self.title_of(key, "[", "]");
                Some(Section::new(self.sheet, title, table, self.key_span(key)))
            }
            _ => None,
        }
    }

    /// The sections `[[key]]` that are written here; reports nothing.
    pub(crate) fn peek_sections(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(DeValue::Array(items)) = self.table.get(key).map(Spanned::get_ref) else {
            return Vec::new();
        };
        let title = self.title_of(key, "[[", "]]");
        let section = |item: &'d Spanned<DeValue<'d>>| match item.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(self.sheet, title.clone(), table, item.span()))
            }
            _ => None,
        };
        items.iter().filter_map(section).collect()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.refuse_value(
                &value.span(),
                wrong(
                    is_a(
                        key,
                        other,
                        "true or false without quotes",
                        "true hoặc false, không có dấu nháy",
                    ),
                    words(
                        format!("write {key} = true or {key} = false"),
                        format!("viết {key} = true hoặc {key} = false"),
                    ),
                ),
            ),
        }
    }

    /// A whole number within bounds.
    pub(crate) fn whole(&self, key: &'static str, bounds: RangeInclusive<i64>) -> Option<At<i64>> {
        let value = self.value(key)?;
        let span = value.span();
        let (low, high) = (*bounds.start(), *bounds.end());
        let how = words(
            format!("write a whole number from {low} to {high}, without quotes"),
            format!("viết một số nguyên từ {low} đến {high}, không có dấu nháy"),
        );
        let DeValue::Integer(number) = value.get_ref() else {
            let what = is_a(key, value.get_ref(), "a whole number", "số nguyên");
            return self.refuse_value(&span, wrong(what, how));
        };
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) if bounds.contains(&value) => Some(At { value, span }),
            _ => {
                let what = words(
                    format!("{key} = {number} is out of bounds"),
                    format!("{key} = {number} nằm ngoài khoảng cho phép"),
                );
                self.refuse_value(&span, wrong(what, how))
            }
        }
    }

    /// A list of strings, each read by `read`; those that cannot be read are reported and left out.
    pub(crate) fn list<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<At<T>>> {
        let value = self.value(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            let how = words(
                format!("write {key} = [\"{example}\"]"),
                format!("viết {key} = [\"{example}\"]"),
            );
            let what = is_a(
                key,
                value.get_ref(),
                "a list in square brackets",
                "danh sách trong ngoặc vuông",
            );
            return self.refuse_value(&value.span(), wrong(what, how));
        };
        let mut out = Vec::new();
        for item in items {
            let span = item.span();
            match item.get_ref() {
                DeValue::String(text) => match read(text) {
                    Ok(value) => out.push(At { value, span }),
                    Err(wrong) => self.error(&span, wrong),
                },
                other => self.error(&span, wrong_type(key, other, "a string", "chuỗi", example)),
            }
        }
        Some(out)
    }

    /// A string, or a list of strings that is joined by commas: `days = "T2-T6"` and `days = ["T2", "T4"]`.
    pub(crate) fn text_or_list<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<At<T>> {
        match self.table.get(key).map(|value| (value, value.get_ref())) {
            Some((value, DeValue::Array(_))) => {
                let parts = self.list(key, example, |part| read(part).map(|_| part.to_owned()))?;
                let whole: Vec<String> = parts.into_iter().map(|part| part.value).collect();
                let span = value.span();
                match read(&whole.join(",")) {
                    Ok(value) => Some(At { value, span }),
                    Err(wrong) => self.refuse_value(&span, wrong),
                }
            }
            _ => self.text(key, example, read),
        }
    }

    /// A sub-section `[key]`.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'d>> {
        let value = self.value(key)?;
        let title = self.title_of(key, "[", "]");
        match value.get_ref() {
            DeValue::Table(table) => {
                let span = self.key_span(key);
                Some(Section::new(self.sheet, title, table, span))
            }
            other => self.refuse_value(
                &value.span(),
                wrong(
                    is_a(key, other, "a section", "một mục"),
                    words(
                        format!("write {title} on a line of its own, its keys below"),
                        format!("viết {title} trên một dòng riêng, các khóa ở dưới"),
                    ),
                ),
            ),
        }
    }

    /// The sections `[[key]]`; empty when there is none.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let title = self.title_of(key, "[[", "]]");
        let refuse = |span: &Range<usize>, other: &DeValue<'_>| {
            let how = words(
                format!("write {title} with two brackets, once for each"),
                format!("viết {title} với hai ngoặc vuông, mỗi mục một lần"),
            );
            let what = is_a(key, other, "a list of sections", "danh sách các mục");
            self.error(span, wrong(what, how));
        };
        let DeValue::Array(items) = value.get_ref() else {
            refuse(&self.key_span(key), value.get_ref());
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => {
                    out.push(Section::new(self.sheet, title.clone(), table, item.span()));
                }
                other => refuse(&item.span(), other),
            }
        }
        out
    }

    fn title_of(&self, key: &str, open: &str, close: &str) -> String {
        let parent = self.title.trim_matches(['[', ']']);
        let dot = if parent.is_empty() { "" } else { "." };
        format!("{open}{parent}{dot}{key}{close}")
    }

    /// Reports a key that must not be here, for a reason better than "unknown".
    pub(crate) fn forbid(&self, key: &'static str, why: Wrong) {
        if self.has(key) {
            self.error(&self.key_span(key), why);
        }
    }

    fn refuse_value<T>(&self, span: &Range<usize>, wrong: Wrong) -> Option<T> {
        self.error(span, wrong);
        None
    }

    /// Reports every key that was never asked for, except those of `spoken_of`, which [`Self::forbid`] dealt with.
    pub(crate) fn close(self, spoken_of: &[&str]) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if asked.contains(&name) || spoken_of.contains(&name) {
                continue;
            }
            let shown = quoted(name);
            let what = match self.title.as_str() {
                "" => words(
                    format!("this file has no section {shown}"),
                    format!("tệp này không có mục nào tên {shown}"),
                ),
                title => words(
                    format!("{title} has no key {shown}"),
                    format!("{title} không có khóa nào tên {shown}"),
                ),
            };
            self.error(&key.span(), wrong(what, suggestion(name, &asked)));
        }
    }
}

/// `key` must be one thing and is another.
fn is_a(key: &str, found: &DeValue<'_>, due_en: &str, due_vi: &str) -> Words {
    let (en, vi) = match found {
        DeValue::String(_) => ("a string", "chuỗi"),
        DeValue::Integer(_) | DeValue::Float(_) => ("a number", "số"),
        DeValue::Boolean(_) => ("true/false", "true/false"),
        DeValue::Datetime(_) => ("a date or time", "ngày giờ"),
        DeValue::Array(_) => ("a list", "danh sách"),
        DeValue::Table(_) => ("a section", "một mục"),
    };
    words(
        format!("{key} must be {due_en}, but is {en}"),
        format!("{key} phải là {due_vi}, nhưng lại là {vi}"),
    )
}

fn wrong_type(key: &str, found: &DeValue<'_>, due_en: &str, due_vi: &str, example: &str) -> Wrong {
    wrong(
        is_a(key, found, due_en, due_vi),
        words(
            format!("write it in double quotes, such as \"{example}\""),
            format!("viết trong dấu nháy kép, ví dụ \"{example}\""),
        ),
    )
}

fn odd_blank(c: char) -> Wrong {
    let code = u32::from(c);
    wrong(
        words(
            format!(
                "not TOML: here stands a character that only looks like a blank (U+{code:04X}), as word processors write them"
            ),
            format!(
                "sai cú pháp: ở đây có ký tự lạ trông như dấu cách (U+{code:04X}), thường do chép từ Word hay trang web"
            ),
        ),
        words(
            "delete it and type an ordinary blank",
            "xóa ký tự đó và gõ lại dấu cách thường",
        ),
    )
}

/// A syntax error of the TOML reader, with the mend for those that admins make.
pub(super) fn syntax(message: &str) -> Wrong {
    let mends: [(&str, &str, &str, &str); 7] = [
        (
            "array table",
            "tiêu đề mục chưa viết đúng",
            "write a section's title as [name] or [[name]], alone on its line",
            "viết tiêu đề mục dạng [tên] hoặc [[tên]], riêng một dòng",
        ),
        (
            "duplicate key",
            "một khóa được viết hai lần",
            "keep one of the two lines",
            "chỉ giữ lại một trong hai dòng",
        ),
        (
            "string",
            "chuỗi chưa viết đúng",
            "put the text between two straight quotes on one line: \"…\"",
            "đặt nội dung giữa hai dấu nháy kép thẳng, trên cùng một dòng: \"…\"",
        ),
        (
            "array",
            "danh sách chưa viết đúng",
            "close the list with ] (here or on the line above) and put commas between its items",
            "đóng danh sách bằng dấu ] (ở dòng này hoặc dòng ngay trên) và đặt dấu phẩy giữa các phần tử",
        ),
        (
            "table",
            "tiêu đề mục chưa viết đúng",
            "write a section's title as [name] or [[name]], alone on its line",
            "viết tiêu đề mục dạng [tên] hoặc [[tên]], riêng một dòng",
        ),
        (
            "key",
            "dòng này chưa đúng dạng khóa = giá trị",
            "write key = value, or put # before a remark",
            "viết khóa = giá trị, hoặc đặt dấu # trước lời chú thích",
        ),
        (
            "",
            "không đúng cú pháp TOML",
            "write key = value with text in straight double quotes, one on each line",
            "viết khóa = giá trị, chữ đặt trong dấu nháy kép thẳng, mỗi dòng một khóa",
        ),
    ];
    let [.., fallback] = mends;
    let (_, vi, how_en, how_vi) = mends
        .into_iter()
        .find(|(word, ..)| message.contains(word))
        .unwrap_or(fallback);
    wrong(
        words(
            format!("not TOML: {}", super::problem::visible(message)),
            format!("sai cú pháp: {vi}"),
        ),
        words(how_en, how_vi),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let sheet = Sheet::new("x.toml", "a = 1\n# Điểm báo: đ = \"é\"\n");
        let at = sheet.text.find('é').expect("é is in the text");
        assert_eq!(sheet.position(at), (2, 18));
        assert_eq!(sheet.position(9_999), (3, 1));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_reported(text in "\\PC{0,80}|([\\[\\]a-c=\"'\n., 0-9]{0,60})") {
            let sheet = Sheet::new("x.toml", &text);
            let read = sheet.parse().is_some();
            prop_assert_eq!(read, sheet.into_problems().is_empty());
        }
    }
}
