//! An HTML fragment as plain text: enough for leads and for comparing; pages are read elsewhere. One pass, no tree.

/// Elements whose text nobody reads.
const SILENT: &[&str] = &["script", "style", "noscript", "iframe", "svg"];
/// Elements that begin a new line.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "table",
    "tr",
    "td",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "figure",
    "figcaption",
    "section",
    "article",
    "hr",
];
/// Bytes of a fragment that are read.
const READ_MAX: usize = 1 << 20;

/// The text: entities decoded, tags gone, paragraphs on lines of their own, blanks squeezed.
pub(super) fn text(fragment: &str) -> String {
    let mut rest = &fragment[..fragment.floor_char_boundary(READ_MAX)];
    let mut out = String::with_capacity(rest.len());
    // Behind the last `>` there is no tag: knowing it keeps a run of `<` linear.
    let tags_end = rest.rfind('>').map_or(0, |at| at + 1);
    let whole = rest.len();
    while let Some(c) = rest.chars().next() {
        match c {
            '<' if whole - rest.len() < tags_end => rest = tag(rest, &mut out),
            '&' => rest = entity(rest, &mut out),
            _ => {
                let end = rest[c.len_utf8()..].find(['<', '&']);
                let end = end.map_or(rest.len(), |end| end + c.len_utf8());
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    let lines = out
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Passes over one tag; `<` that begins none is text.
fn tag<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let inner = &rest[1..];
    if let Some(comment) = inner.strip_prefix("!--") {
        return comment.find("-->").map_or("", |end| &comment[end + 3..]);
    }
    let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
    let end = inner.starts_with(begins).then(|| inner.find('>')).flatten();
    let Some(end) = end else {
        out.push('<');
        return inner;
    };
    let after = &inner[end + 1..];
    let name: String = inner
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .take(12)
        .collect::<String>()
        .to_ascii_lowercase();
    if BLOCKS.contains(&name.as_str()) {
        out.push('\n');
    }
    let opens = !inner.starts_with('/') && !inner[..end].ends_with('/');
    if opens && SILENT.contains(&name.as_str()) {
        return skip_to_close(after, &name);
    }
    after
}

/// What follows the closing tag; all of the rest is silent if there is none.
fn skip_to_close<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let close = from + at + 2;
        let is_ours = rest
            .get(close..close + name.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(name));
        if is_ours {
            return rest[close..]
                .find('>')
                .map_or("", |end| &rest[close + end + 1..]);
        }
        from = close;
    }
    ""
}

/// Decodes one entity; `&` that begins none is text.
fn entity<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let inner = &rest[1..];
    let name_end = inner
        .bytes()
        .take(12)
        .position(|b| b == b';')
        .filter(|end| *end > 0);
    let decoded = name_end.and_then(|end| decode(&inner[..end]));
    match (name_end, decoded) {
        (Some(end), Some(c)) => {
            out.push(c);
            &inner[end + 1..]
        }
        _ => {
            out.push('&');
            inner
        }
    }
}

fn decode(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control() || *c == '\n' || *c == '\t');
    }
    // The names that feeds of Vietnamese papers use; Latin letters with one mark are what HTML 4 has of Vietnamese.
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "bull" | "middot" => '·',
        "deg" => '°',
        "times" => '×',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        _ => return letter(name),
    })
}

/// `agrave`, `Eacute`, `ocirc`, …: a letter with a mark.
fn letter(name: &str) -> Option<char> {
    use unicode_normalization::UnicodeNormalization as _;
    let base = name.chars().next().filter(char::is_ascii_alphabetic)?;
    let mark = match &name[1..] {
        "grave" => '\u{300}',
        "acute" => '\u{301}',
        "circ" => '\u{302}',
        "tilde" => '\u{303}',
        "uml" => '\u{308}',
        _ => return None,
    };
    let mut composed = [base, mark].into_iter().nfc();
    composed.next().filter(|_| composed.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::text;
    use proptest::prelude::*;

    #[test]
    fn tags_go_and_paragraphs_stay_apart() {
        assert_eq!(
            text(
                "<a href='x'><img src=y /></a><p>Chi&nbsp;bộ &amp; Đảng b&ocirc;</p><script>x</script>5 < 6"
            ),
            "Chi bộ & Đảng bô\n5 < 6"
        );
        assert_eq!(text("AT&T &khong; <!-- ẩn -->hết"), "AT&T &khong; hết");
    }

    proptest! {
        #[test]
        fn never_panics(fragment in "[<>&;/a-z!# đ-]{0,60}") {
            text(&fragment);
        }
    }
}
