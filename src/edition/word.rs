//! A Word file as Vietnamese offices expect one: A4, Times New Roman, the margins and page numbers of Nghị định
//! 30/2020/NĐ-CP (phụ lục I), real headings, and every link's address in print.
//!
//! The same calls give the same bytes: numbers of paragraphs and links are our own, all dates come in, and files in the
//! archive carry none.

use super::words;
use crate::config::{DocxConfig, DocxHead};
use docx_rs::{
    AlignmentType, BorderType, Docx, FieldCharType, Header, Hyperlink, HyperlinkData,
    HyperlinkType, InstrPAGE, InstrText, LineSpacing, PageMargin, Paragraph, ParagraphBorder,
    ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, Shading, SpecialIndentType, Style,
    StyleType, Table, TableCell, TableLayoutType, TableRow, WidthType,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::io::{Cursor, Read as _, Write as _};

/// Twentieths of a point to a millimetre, rounded.
const fn mm(millimetres: i32) -> i32 {
    (millimetres * 1440 * 10 + 127) / 254
}

/// A4, and the text between margins of 30 and 20 mm.
const PAGE: (u32, u32) = (11_906, 16_838);
const TEXT_WIDTH: i32 = 11_906 - mm(30) - mm(20);
/// Sizes in half points.
const BODY: usize = 26;
const SMALL: usize = 22;
const FONT: &str = "Times New Roman";

/// Why a Word file could not be written: the archive's writer failed.
#[derive(Debug, thiserror::Error)]
#[error("writing a Word file: {0}")]
pub struct WordError(#[from] zip::result::ZipError);

impl From<std::io::Error> for WordError {
    fn from(error: std::io::Error) -> Self {
        Self(error.into())
    }
}

/// A piece of a line.
pub(super) enum Piece<'a> {
    Plain(&'a str),
    Bold(&'a str),
    Italic(&'a str),
    /// An address, printed as it is and linked.
    Link(&'a str),
}

/// How a paragraph stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// Running text.
    Body,
    /// In the middle.
    Centre,
    /// A sentence of a paper, set in.
    Quote,
    /// An item of a list.
    Item,
    /// Sources and remarks in small print, set in.
    Note,
}

/// A Word file under construction.
pub(super) struct Word {
    docx: Docx,
    paragraphs: u32,
    links: usize,
    core: String,
}

impl Word {
    /// An empty A4 document with that title in its properties, made at that instant.
    pub fn new(title: &str, made_at: Timestamp) -> Self {
        let fonts = RunFonts::new()
            .ascii(FONT)
            .hi_ansi(FONT)
            .cs(FONT)
            .east_asia(FONT);
        let mut word = Self {
            docx: Docx::new(),
            paragraphs: 0,
            links: 0,
            core: core_properties(title, made_at),
        };
        let number = word.page_number();
        word.docx = std::mem::take(&mut word.docx)
            .page_size(PAGE.0, PAGE.1)
            .page_margin(
                PageMargin::new()
                    .top(mm(20))
                    .bottom(mm(20))
                    .left(mm(30))
                    .right(mm(20))
                    .header(mm(10))
                    .footer(mm(10)),
            )
            .default_fonts(fonts)
            .default_size(BODY)
            .add_style(heading(1, 28))
            .add_style(heading(2, BODY))
            .add_style(heading(3, BODY))
            // No number on the first page, from the second on it stands in the middle of the top margin.
            .title_pg()
            .first_header(Header::new())
            .header(Header::new().add_paragraph(number));
        word
    }

    /// The office's heading, with number and date.
    pub fn letterhead(&mut self, head: &DocxConfig, number: Option<u32>, date: Date) {
        let place = match &head.place {
            Some(place) => format!("{place}, {}", words::day_of_letter(date)),
            None => capital(&words::day_of_letter(date)),
        };
        if head.heading == DocxHead::Khong {
            let line = self.line(&[Piece::Italic(&place)], BODY);
            self.add(line.align(AlignmentType::Right));
            return;
        }
        let mut left = TableCell::new();
        for (text, bold) in [(&head.parent, false), (&head.office, true)] {
            if let Some(text) = text {
                let text = text.to_uppercase();
                let piece = if bold {
                    Piece::Bold(&text)
                } else {
                    Piece::Plain(&text)
                };
                left = left.add_paragraph(self.centred(&[piece], 24));
            }
        }
        let word = match head.heading {
            DocxHead::HanhChinh => {
                left = left.add_paragraph(self.rule(mm(18)));
                "Số:"
            }
            _ => {
                left = left.add_paragraph(self.centred(&[Piece::Plain("*")], 24));
                "Số"
            }
        };
        // A report has no running number: the office writes its own.
        let number = number.map_or("        ".to_owned(), |number| number.to_string());
        let numbered = format!("{word} {number}");
        left = left.add_paragraph(self.centred(&[Piece::Plain(&numbered)], BODY));
        let titles: &[(&str, usize)] = match head.heading {
            DocxHead::HanhChinh => &[
                ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 24),
                ("Độc lập - Tự do - Hạnh phúc", BODY),
            ],
            _ => &[("ĐẢNG CỘNG SẢN VIỆT NAM", 30)],
        };
        let mut right = TableCell::new();
        for (text, size) in titles {
            right = right.add_paragraph(self.centred(&[Piece::Bold(text)], *size));
        }
        right = right.add_paragraph(self.rule(mm(22)));
        right = right.add_paragraph(self.centred(&[Piece::Italic(&place)], BODY));
        let widths = [mm(62), TEXT_WIDTH - mm(62)];
        self.table_of(vec![vec![left, right]], &widths);
    }

    /// A heading of level 1 to 3: Word's own, so that its navigation pane and table of contents know it.
    pub fn heading(&mut self, level: usize, text: &str) {
        let line = self.paragraph().add_run(Run::new().add_text(text));
        let line = line.style(&format!("Heading{level}")).keep_next(true);
        self.add(line);
    }

    /// The title in the middle.
    pub fn title(&mut self, text: &str) {
        let line = self.centred(&[Piece::Bold(&text.to_uppercase())], 32);
        self.add(line.line_spacing(LineSpacing::new().before(240).after(60)));
    }

    /// A paragraph.
    pub fn say(&mut self, stand: Stand, pieces: &[Piece<'_>]) {
        let size = if stand == Stand::Note { SMALL } else { BODY };
        let line = self.line(pieces, size);
        let line = match stand {
            Stand::Body => line.align(AlignmentType::Both).line_spacing(after(120)),
            Stand::Centre => line.align(AlignmentType::Center).line_spacing(after(120)),
            Stand::Quote => line
                .align(AlignmentType::Both)
                .indent(Some(mm(8)), None, None, None)
                .line_spacing(after(80)),
            Stand::Item => line
                .align(AlignmentType::Both)
                .indent(
                    Some(mm(6)),
                    Some(SpecialIndentType::Hanging(mm(6))),
                    None,
                    None,
                )
                .keep_next(true)
                .line_spacing(after(20)),
            Stand::Note => line
                .indent(Some(mm(8)), None, None, None)
                .line_spacing(after(60)),
        };
        self.add(line);
    }

    /// A table with rules; the first row is its head. `widths` are shares of the text's width.
    pub fn table(&mut self, rows: &[Vec<String>], shares: &[u32]) {
        let all: u32 = shares.iter().sum::<u32>().max(1);
        let widths: Vec<i32> = shares
            .iter()
            .map(|share| {
                TEXT_WIDTH * i32::try_from(*share).unwrap_or(1) / i32::try_from(all).unwrap_or(1)
            })
            .collect();
        let rows = rows.iter().enumerate().map(|(at, row)| {
            let cells = row.iter().zip(&widths).map(|(text, width)| {
                let piece = if at == 0 {
                    Piece::Bold(text)
                } else {
                    Piece::Plain(text)
                };
                let line = self.line(&[piece], SMALL);
                TableCell::new()
                    .add_paragraph(line)
                    .width(width_of(*width), WidthType::Dxa)
            });
            TableRow::new(cells.collect()).cant_split()
        });
        let rows: Vec<TableRow> = rows.collect();
        let table = Table::new(rows)
            .layout(TableLayoutType::Fixed)
            .width(width_of(TEXT_WIDTH), WidthType::Dxa)
            .set_grid(widths.iter().map(|width| width_of(*width)).collect());
        self.docx = std::mem::take(&mut self.docx).add_table(table);
        self.gap();
    }

    /// Bars: a label, a bar of that percentage of the room, and a figure.
    pub fn bars(&mut self, rows: &[(String, u32, String)]) {
        let widths = [mm(52), TEXT_WIDTH - mm(52) - mm(20), mm(20)];
        let table = rows.iter().map(|(label, percent, figure)| {
            let empty = widths[1] * i32::try_from(100 - (*percent).min(100)).unwrap_or(0) / 100;
            // A shaded paragraph ends where its right indent begins: the bar.
            let mut bar =
                self.line(&[Piece::Plain("\u{a0}")], 12)
                    .indent(None, None, Some(empty), None);
            if *percent > 0 {
                bar.property = bar.property.shading(Shading::new().fill("9B1C1F"));
            }
            vec![
                TableCell::new().add_paragraph(self.line(&[Piece::Plain(label)], SMALL)),
                TableCell::new().add_paragraph(bar),
                TableCell::new().add_paragraph(self.line(&[Piece::Plain(figure)], SMALL)),
            ]
        });
        let rows: Vec<Vec<TableCell>> = table.collect();
        self.table_of(rows, &widths);
        self.gap();
    }

    /// The file.
    ///
    /// # Errors
    /// When the archive cannot be written; not because of any text.
    pub fn finish(self) -> Result<Vec<u8>, WordError> {
        let mut parts = self.docx.build();
        parts.doc_props.core = self.core.into_bytes();
        parts.document_rels = in_order(&parts.document_rels);
        let mut stored = Cursor::new(Vec::new());
        parts.pack(&mut stored)?;
        deflated(stored)
    }

    fn add(&mut self, paragraph: Paragraph) {
        self.docx = std::mem::take(&mut self.docx).add_paragraph(paragraph);
    }

    /// Word joins two tables that touch.
    fn gap(&mut self) {
        let line = self.line(&[], 12);
        self.add(line);
    }

    fn paragraph(&mut self) -> Paragraph {
        self.paragraphs += 1;
        Paragraph::new().id(format!("{:08X}", self.paragraphs))
    }

    fn line(&mut self, pieces: &[Piece<'_>], size: usize) -> Paragraph {
        let mut line = self.paragraph();
        for piece in pieces {
            let run = |text: &str| Run::new().add_text(text).size(size);
            line = match piece {
                Piece::Plain(text) => line.add_run(run(text)),
                Piece::Bold(text) => line.add_run(run(text).bold()),
                Piece::Italic(text) => line.add_run(run(text).italic()),
                Piece::Link(url) => {
                    let link = self.link(url);
                    line.add_hyperlink(link.add_run(run(url).underline("single")))
                }
            };
        }
        line
    }

    fn link(&mut self, url: &str) -> Hyperlink {
        self.links += 1;
        let mut link = Hyperlink::new(url, HyperlinkType::External);
        if let HyperlinkData::External { rid, .. } = &mut link.link {
            *rid = format!("rIdHyperlink{}", self.links);
        }
        link
    }

    fn centred(&mut self, pieces: &[Piece<'_>], size: usize) -> Paragraph {
        self.line(pieces, size).align(AlignmentType::Center)
    }

    /// A short rule in the middle of a cell: the line above an empty paragraph.
    fn rule(&mut self, indent: i32) -> Paragraph {
        let border = ParagraphBorder::new(ParagraphBorderPosition::Top)
            .val(BorderType::Single)
            .size(6)
            .color("000000");
        let mut line = self
            .line(&[], 8)
            .line_spacing(LineSpacing::new().before(50))
            .indent(Some(indent), None, Some(indent), None);
        line.property = line
            .property
            .set_borders(ParagraphBorders::with_empty().set(border));
        line
    }

    fn page_number(&mut self) -> Paragraph {
        let field = Run::new()
            .size(BODY)
            .add_field_char(FieldCharType::Begin, false)
            .add_instr_text(InstrText::PAGE(InstrPAGE::new()))
            .add_field_char(FieldCharType::Separate, false)
            .add_text("2")
            .add_field_char(FieldCharType::End, false);
        self.paragraph().align(AlignmentType::Center).add_run(field)
    }

    /// A table without rules.
    fn table_of(&mut self, rows: Vec<Vec<TableCell>>, widths: &[i32]) {
        let rows = rows.into_iter().map(|cells| {
            let cells = cells.into_iter().zip(widths);
            let cells = cells.map(|(cell, width)| cell.width(width_of(*width), WidthType::Dxa));
            TableRow::new(cells.collect()).cant_split()
        });
        let table = Table::without_borders(rows.collect())
            .layout(TableLayoutType::Fixed)
            .width(width_of(widths.iter().sum()), WidthType::Dxa)
            .set_grid(widths.iter().map(|width| width_of(*width)).collect());
        self.docx = std::mem::take(&mut self.docx).add_table(table);
    }
}

fn width_of(twips: i32) -> usize {
    usize::try_from(twips).unwrap_or(0)
}

fn after(twips: u32) -> LineSpacing {
    LineSpacing::new().after(twips)
}

fn heading(level: usize, size: usize) -> Style {
    let style = Style::new(format!("Heading{level}"), StyleType::Paragraph)
        .name(format!("heading {level}"))
        .based_on("Normal")
        .next("Normal")
        .q_format(true)
        .outline_lvl(level - 1)
        .size(size)
        .bold()
        .line_spacing(LineSpacing::new().before(200).after(80));
    if level == 3 { style.italic() } else { style }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

/// `docProps/core.xml` of our own: the library's has no title, and "unknown" for its maker.
fn core_properties(title: &str, made_at: Timestamp) -> String {
    let at = made_at
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%SZ");
    let title = title
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>{title}</dc:title>\
         <dc:creator>diembao</dc:creator><dc:language>vi-VN</dc:language>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{at}</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{at}</dcterms:modified></cp:coreProperties>"
    )
}

/// A list of relationships in one order: the library's links come out of a hash map.
fn in_order(xml: &[u8]) -> Vec<u8> {
    const ITEM: &str = "<Relationship ";
    let text = String::from_utf8_lossy(xml);
    let begin = text.find(ITEM).unwrap_or(text.len());
    let end = text.find("</Relationships>").unwrap_or(text.len());
    let (head, tail) = (&text[..begin.min(end)], &text[end..]);
    let mut items: Vec<&str> = text[begin.min(end)..end].split_inclusive("/>").collect();
    items.sort_unstable();
    [head, &items.concat(), tail].concat().into_bytes()
}

/// The archive with its files compressed: the library stores them, and a mail carries ten times the bytes.
fn deflated(stored: Cursor<Vec<u8>>) -> Result<Vec<u8>, WordError> {
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    let mut from = zip::ZipArchive::new(stored)?;
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..from.len() {
        let mut file = from.by_index(at)?;
        if file.is_dir() {
            continue;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        to.start_file(file.name(), options)?;
        to.write_all(&bytes)?;
    }
    Ok(to.finish()?.into_inner())
}
