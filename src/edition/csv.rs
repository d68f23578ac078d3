//! An edition as a table for spreadsheets: one row an article.

use super::words;
use crate::model::{ArticleView, Edition};
use jiff::Timestamp;

/// The head of the table: a contract with those who read it by program; columns may be added at the end.
const HEAD: [&str; 15] = [
    "so",
    "ngay",
    "viec",
    "phan",
    "linh_vuc",
    "tieu_de_viec",
    "tieu_de",
    "bao",
    "tinh",
    "dang_luc",
    "ban_sao",
    "den_muon",
    "sua_tieu_de",
    "dia_chi",
    "trich_dan",
];

/// The edition as CSV (RFC 4180) in UTF-8 with a byte order mark, without which Excel takes it for another encoding.
/// No cell can be taken for a formula.
pub fn to_csv(edition: &Edition) -> Vec<u8> {
    let mut table = Table::new(&HEAD);
    let zone = words::zone(&edition.time_zone);
    let time = |at: Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    };
    let mut row =
        |story: &str, part: &str, topics: &str, title: &str, article: &ArticleView, said: &str| {
            let yes = |mark: bool| if mark { "x" } else { "" }.to_owned();
            table.row(&[
                edition.number.to_string(),
                edition.date.to_string(),
                story.to_owned(),
                part.to_owned(),
                topics.to_owned(),
                title.to_owned(),
                article.title.clone(),
                article.source.clone(),
                article.province.clone().unwrap_or_default(),
                article.published.map(time).unwrap_or_default(),
                yes(article.copy),
                yes(article.late),
                yes(article.retitled),
                article.url.clone(),
                said.to_owned(),
            ]);
        };
    for (number, story) in edition.stories.iter().enumerate() {
        let part = if story.lead {
            "nổi bật"
        } else {
            "theo chủ đề"
        };
        for article in &story.articles {
            let said: Vec<&str> = story
                .summary
                .iter()
                .filter(|quote| quote.url == article.url)
                .map(|quote| quote.text.as_str())
                .collect();
            row(
                &(number + 1).to_string(),
                part,
                &story.topics.join(" "),
                &story.title,
                article,
                &said.join(" "),
            );
        }
    }
    for article in &edition.related {
        row("", "tin liên quan", "", "", article, "");
    }
    for reprint in &edition.reprints {
        row("", "đăng lại", "", "", &reprint.article, "");
    }
    table.finish()
}

/// Rows of cells, each made harmless.
pub(super) struct Table(csv::Writer<Vec<u8>>);

impl Table {
    pub fn new(head: &[&str]) -> Self {
        let mut bytes = Vec::from("\u{feff}");
        bytes.reserve(4096);
        let mut table = Self(
            csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(bytes),
        );
        table.write(head.iter().copied());
        table
    }

    pub fn row(&mut self, cells: &[String]) {
        self.write(cells.iter().map(|cell| harmless(cell)));
    }

    fn write<C: AsRef<[u8]>>(&mut self, cells: impl Iterator<Item = C>) {
        // Memory takes everything, and all rows of a table have its head's length.
        self.0
            .write_record(cells)
            .expect("a row as long as the head, into memory");
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes everything")
    }
}

/// A spreadsheet takes a cell that begins so for a formula, also behind white space and from a text file: an apostrophe
/// makes it text (OWASP, CSV injection). A plain number stays one.
fn harmless(cell: &str) -> String {
    let begins = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let formula = begins.starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'])
        || cell.starts_with(['\t', '\r', '\n']);
    let number = !cell.is_empty() && cell.parse::<f64>().is_ok_and(f64::is_finite);
    if formula && !number {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for evil in [
            "=1+1",
            "+84-1",
            "-cmd|' /C calc'!A0",
            "@SUM(A1)",
            " =1",
            "\t=1",
            "\u{a0}=1",
            "＝1",
            "-=1",
        ] {
            assert!(harmless(evil).starts_with('\''), "{evil:?}");
        }
        for good in ["Đảng bộ", "12", "-3.5", "", "2026-11-23"] {
            assert_eq!(harmless(good), good);
        }
        assert_eq!(harmless("-inf"), "'-inf");
    }

    #[test]
    fn a_table_is_read_back_as_it_was_written() {
        let mut table = Table::new(&["a", "b"]);
        let cells = ["có \"nháy\", phẩy".to_owned(), "hai\ndòng".to_owned()];
        table.row(&cells);
        let bytes = table.finish();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.starts_with("\u{feff}a,b\r\n"), "{text:?}");
        let mut reader = csv::Reader::from_reader(&bytes[3..]);
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(row.iter().collect::<Vec<_>>(), cells);
    }
}
