//! Documents that a text is held to name, by their codes ("57-NQ/TW", "178/2024/NĐ-CP") and by their names ("Nghị quyết
//! số 57"): with capitals and "số" as newspapers print them, so that "nghị quyết 3 nội dung" is none.
//!
//! The key is kind, number and, where it is not the Party's centre, who issued it: papers write "Nghị quyết 57" of
//! 57-NQ/TW and hardly ever of a province's resolution 57/NQ-HĐND.

use super::{KINDS, codes};
use crate::text::{fold::fold, normal::clean};
use regex::Regex;
use std::sync::LazyLock;

/// Number, perhaps year, kind, perhaps issuer: "57-NQ/TW", "178/2024/NĐ-CP", "12-CTr/TU", "1234/QĐ-UBND".
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = codes();
    Regex::new(&format!(
        r"(?-u:\b)(\d{{1,5}})(?:/((?:19|20)\d{{2}}))?\s?[-–/]\s?({kinds})(?:\s?[-–/]\s?((?:T\.Ư|\p{{Lu}})[\p{{L}}.]*(?:[-–/]\p{{Lu}}[\p{{L}}.]*)*))?"
    ))
    .expect("a constant pattern")
});

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let kinds: Vec<&str> = KINDS.iter().map(|(_, name)| *name).collect();
    Regex::new(&format!(
        r"(?i)({})\s+(?:số\s+)?(\d{{1,5}})(?:/((?:19|20)\d{{2}}))?(?-u:\b)",
        kinds.join("|")
    ))
    .expect("a constant pattern")
});

/// "Nghị quyết Trung ương 4 khóa XII", "Nghị quyết Trung ương 4 (khóa XII)": known by session and term.
static SESSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(nghị quyết|kết luận)\s+(?:hội nghị\s+)?(?:trung ương|tw|t\.ư\.?)\s+(\d{1,2})(?:,?\s*\(?kh(?:óa|oá)\s+([IVX]+)\)?)",
    )
    .expect("a constant pattern")
});

/// The documents that a text names, by kind in the order of code, session and name: the key of each mention, and what is
/// printed. Keys are words without diacritics: "nq 57", "nd 178 2024 cp", "nq 4 tw xii".
pub fn printed(text: &str) -> impl Iterator<Item = (String, &str)> {
    fn whole<'t>(found: &regex::Captures<'t>) -> &'t str {
        found.get(0).map_or("", |whole| whole.as_str())
    }
    let codes = CODE.captures_iter(text);
    let sessions = SESSION.captures_iter(text);
    let names = NAME
        .captures_iter(text)
        .filter(|name| is_number(text, name));
    codes
        .map(|code| (code_key(&code), whole(&code)))
        .chain(sessions.map(|session| (session_key(&session), whole(&session))))
        .chain(names.filter_map(|name| Some((name_key(&name)?, whole(&name)))))
}

/// Not a code, which was read already, and no count: "ban hành nghị quyết 3 nội dung", "Chỉ thị 5 điểm".
fn is_number(text: &str, name: &regex::Captures<'_>) -> bool {
    let Some(whole) = name.get(0) else {
        return false;
    };
    let rest = &text[whole.end()..];
    let code = rest.trim_start().starts_with(['-', '–', '/', '.', ',']) && {
        let inner = rest
            .trim_start()
            .trim_start_matches(['-', '–', '/', '.', ',']);
        inner.starts_with(|c: char| c.is_ascii_digit() || c.is_uppercase())
            && !rest.trim_start().starts_with(", ")
            && !rest.trim_start().starts_with(". ")
    };
    let numero = whole.as_str().contains("số ") || whole.as_str().contains("Số ");
    let capital = whole.as_str().starts_with(char::is_uppercase);
    let percent = rest.trim_start().starts_with('%');
    !code && !percent && (numero || capital)
}

/// The key of a code or a name as somebody types it; `None` if it is neither.
pub fn key(typed: &str) -> Option<String> {
    let typed = clean(typed);
    let upper = typed
        .to_uppercase()
        .replace("TTR", "TTr")
        .replace("CTR", "CTr");
    let code = CODE.captures(&upper).map(|code| code_key(&code));
    let session = || SESSION.captures(&typed).map(|s| session_key(&s));
    let name = || NAME.captures(&typed).and_then(|name| name_key(&name));
    code.or_else(session).or_else(name)
}

fn code_key(code: &regex::Captures<'_>) -> String {
    let part = |i: usize| code.get(i).map_or("", |m| m.as_str());
    let kind = if part(3) == "QĐi" { "QĐ" } else { part(3) };
    let issuer = part(4)
        .replace(['.', 'Ư', 'ư'], "")
        .trim_end_matches('-')
        .to_owned();
    let issuer = match issuer.to_uppercase().as_str() {
        // T.Ư loses its second letter above.
        "" | "T" | "TW" | "TƯ" => String::new(),
        other => other.to_owned(),
    };
    joined(kind, part(1), part(2), &issuer)
}

fn name_key(name: &regex::Captures<'_>) -> Option<String> {
    let said = clean(&name[1]).to_lowercase();
    let (kind, _) = KINDS.iter().find(|(_, known)| *known == said)?;
    Some(joined(
        kind,
        &name[2],
        name.get(3).map_or("", |m| m.as_str()),
        "",
    ))
}

fn session_key(session: &regex::Captures<'_>) -> String {
    let kind = if fold(&session[1]).starts_with("nghi") {
        "NQ"
    } else {
        "KL"
    };
    joined(
        kind,
        &session[2],
        "",
        &format!("TW {}", session[3].to_uppercase()),
    )
}

/// "nq 57", "nd 178 2024 cp", "nq 4 tw xii".
fn joined(kind: &str, number: &str, year: &str, issuer: &str) -> String {
    let number = number.trim_start_matches('0');
    let folded = fold(&format!("{kind} {number} {year} {issuer}"));
    let words = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
