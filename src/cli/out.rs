//! What commands print: tables, JSON, and text from outside made safe for a terminal.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::Write as _;

/// Text from feeds, pages and servers, fit for a terminal: control characters (ESC and the C1 set among them) and
/// characters that turn the direction of text are shown as `·`.
pub fn safe(text: &str) -> String {
    text.chars()
        .map(|c| if is_harmful(c) { '·' } else { c })
        .collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// One line on stdout. A reader that went away (`| head`) is no failure.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A value as one line of JSON.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(&text),
        Err(err) => tracing::error!(error = %err, "a value could not be printed as JSON"),
    }
}

/// A table with one row a value; cells are made safe.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| safe(cell)));
    }
    for text in table.lines() {
        line(text.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_can_steer_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mđ\u{9b}x\r\ny\u{202e}z"), "a·[31mđ·x··y·z");
    }
}
