//! The import table of `ARCHITECTURE.md`, held by a test: who may import whom, which crate lives in which module, and
//! where the clock, the environment, SQL and `spawn` may stand.
//!
//! Sources are read as token trees, so that every path counts (in `use` lines, types, expressions and macro calls)
//! and comments do not.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each top module may import of our own, itself aside.
const OWN: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &[]),
    ("config", &["model", "text"]),
    ("feed", &["model", "text"]),
    ("page", &["model", "text", "feed"]),
    ("analyse", &["model", "text", "config"]),
    ("edition", &["model", "text", "config"]),
    ("store", &["model", "text"]),
    ("net", &["model"]),
    ("mail", &["model"]),
    ("log", &["model", "config"]),
    ("web", &["model", "text", "config", "edition", "store"]),
    (
        "daemon",
        &[
            "model", "text", "config", "feed", "page", "analyse", "edition", "store", "net",
            "mail", "log", "web",
        ],
    ),
    (
        "cli",
        &[
            "model", "text", "config", "feed", "page", "analyse", "edition", "store", "net",
            "mail", "log", "daemon",
        ],
    ),
    ("main", &["cli"]),
];

/// Crates that belong to some modules only.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("rusqlite_migration", &["store"]),
    ("reqwest", &["net"]),
    ("robotxt", &["net"]),
    ("lettre", &["mail"]),
    ("tokio_rustls", &["mail"]),
    ("feed_rs", &["feed"]),
    ("dom_smoothie", &["page"]),
    ("minijinja", &["edition", "web"]),
    ("axum", &["web"]),
    ("hyper_util", &["web"]),
    ("quick_xml", &["web"]),
    ("docx_rs", &["edition"]),
    ("zip", &["edition"]),
    ("csv", &["edition"]),
    ("tokio_cron_scheduler", &["daemon"]),
    ("sd_notify", &["daemon"]),
    ("tracing_subscriber", &["log"]),
    ("tracing_journald", &["log"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("comfy_table", &["cli"]),
    ("toml_edit", &["config"]),
    ("tokio", &["store", "net", "mail", "daemon", "web", "cli"]),
];

/// Paths that may stand in some files only: their last two segments, and the files' beginnings.
const PATHS: &[(&[&str], &[&str])] = &[
    (&["Timestamp", "now"], &["src/daemon/clock.rs"]),
    (&["Zoned", "now"], &["src/daemon/clock.rs"]),
    (&["SystemTime", "now"], &["src/daemon/clock.rs"]),
    (&["env", "var"], &["src/config/", "src/main.rs"]),
    (&["env", "var_os"], &["src/config/", "src/main.rs"]),
    (&["env", "vars"], &["src/config/", "src/main.rs"]),
    (&["tokio", "spawn"], &["src/daemon/", "src/cli/"]),
    (&["task", "spawn"], &["src/daemon/", "src/cli/"]),
    (
        &["std", "fs"],
        &[
            "src/config/",
            "src/store/",
            "src/mail/",
            "src/cli/",
            "src/daemon/",
            "src/log.rs",
        ],
    ),
];

/// Beginnings of SQL statements; in a string literal they mean that SQL left `store/`.
const SQL: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "PRAGMA ",
];

#[test]
fn imports_follow_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    assert!(
        files.len() > 20,
        "only {} source files found under src/",
        files.len()
    );
    let mut problems = Vec::new();
    for file in &files {
        let name = file
            .strip_prefix(root)
            .expect("under the root")
            .to_string_lossy()
            .replace('\\', "/");
        let source = fs::read_to_string(file).expect("a readable source file");
        problems.extend(check(&name, &source));
    }
    assert!(
        problems.is_empty(),
        "{} breaks of the import table:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn every_top_module_stands_in_the_table() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
        .expect("src/lib.rs");
    for line in lib
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod "))
    {
        let module = line.trim_end_matches(';');
        assert!(
            OWN.iter().any(|(name, _)| *name == module),
            "`{module}` is missing in the import table"
        );
    }
}

#[test]
fn a_forbidden_use_line_is_found() {
    let found = check(
        "src/analyse/topic.rs",
        "use crate::{model::Article, store::{Store, polls}};",
    );
    assert_eq!(
        found,
        ["src/analyse/topic.rs:1: `analyse` must not import `store`"]
    );
}

#[test]
fn a_forbidden_path_without_use_is_found() {
    let found = check("src/net/fetch.rs", "fn f() {\n    crate::mail::send();\n}");
    assert_eq!(found, ["src/net/fetch.rs:2: `net` must not import `mail`"]);
}

#[test]
fn a_path_inside_a_macro_or_by_super_is_found() {
    let found = check(
        "src/store/polls.rs",
        "fn f() { println!(\"{}\", super::super::feed::x()); }",
    );
    assert_eq!(
        found,
        ["src/store/polls.rs:1: `store` must not import `feed`"]
    );
    let found = check("src/store/mod.rs", "use super::net;");
    assert_eq!(found, ["src/store/mod.rs:1: `store` must not import `net`"]);
}

#[test]
fn the_crate_under_another_name_is_found() {
    let found = check("src/text/fold.rs", "use crate as ours;");
    assert_eq!(
        found,
        ["src/text/fold.rs:1: the crate must not be renamed: the table would not see its paths"]
    );
}

#[test]
fn foreign_crates_clock_and_sql_are_found_where_they_do_not_belong() {
    assert_eq!(
        check("src/daemon/poll.rs", "use rusqlite::Connection;"),
        ["src/daemon/poll.rs:1: crate `rusqlite` belongs to store"]
    );
    assert_eq!(
        check(
            "src/analyse/mod.rs",
            "fn f() { let t = jiff::Timestamp::now(); }"
        ),
        ["src/analyse/mod.rs:1: `Timestamp::now` belongs to src/daemon/clock.rs"]
    );
    assert_eq!(
        check("src/cli/status.rs", "const Q: &str = \"SELECT 1\";"),
        ["src/cli/status.rs:1: SQL belongs to src/store/"]
    );
}

#[test]
fn what_the_table_allows_passes() {
    let source = "//! SELECT in a comment, crate::store in a comment.\nuse crate::model::{Article, Entry};\npub(crate) fn f() {}\nuse super::number;";
    assert_eq!(
        check("src/analyse/figures.rs", source),
        Vec::<String>::new()
    );
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a readable folder") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

/// All breaks of the table in one file.
fn check(file: &str, source: &str) -> Vec<String> {
    let tokens: TokenStream = source
        .parse()
        .unwrap_or_else(|err| panic!("{file} is not Rust: {err}"));
    let mut scan = Scan {
        file,
        module: module_path(file),
        problems: BTreeSet::new(),
    };
    scan.stream(tokens);
    scan.problems
        .into_iter()
        .map(|(line, what)| format!("{file}:{line}: {what}"))
        .collect()
}

/// `src/store/polls.rs` → `["store", "polls"]`; `mod.rs` stands for its folder, `lib.rs` for the root.
fn module_path(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        parts.pop();
    }
    parts
}

struct Scan<'a> {
    file: &'a str,
    module: Vec<String>,
    problems: BTreeSet<(usize, String)>,
}

impl Scan<'_> {
    fn stream(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = self.token(&tokens, at);
        }
    }

    /// Looks at the token at `at`; returns where to go on.
    fn token(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        match &tokens[at] {
            TokenTree::Group(group) => self.stream(group.stream()),
            TokenTree::Literal(literal) => self.literal(literal),
            TokenTree::Punct(punct) if punct.as_char() == '#' => return self.skip_doc(tokens, at),
            TokenTree::Ident(_) if at < 3 || !is_path_sep(tokens, at - 2) => {
                return self.path(tokens, at);
            }
            _ => {}
        }
        at + 1
    }

    /// Doc comments arrive as `#[doc = "…"]`: words for people, not code.
    fn skip_doc(&self, tokens: &[TokenTree], at: usize) -> usize {
        let mut next = at + 1;
        if matches!(tokens.get(next), Some(TokenTree::Punct(p)) if p.as_char() == '!') {
            next += 1;
        }
        match tokens.get(next) {
            Some(TokenTree::Group(group)) if group.stream().to_string().starts_with("doc") => {
                next + 1
            }
            _ => at + 1,
        }
    }

    fn literal(&mut self, literal: &proc_macro2::Literal) {
        let text = literal.to_string();
        let inner = text
            .trim_start_matches(['r', '#', '"', 'b', 'c'])
            .trim_start();
        if !self.file.starts_with("src/store/") && SQL.iter().any(|start| inner.starts_with(start))
        {
            self.report(
                literal.span().start().line,
                "SQL belongs to src/store/".into(),
            );
        }
    }

    /// A path that begins at `at`: its segments are gathered, groups of a `use` tree are followed.
    fn path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let mut segments = Vec::new();
        let mut next = at;
        while let Some(TokenTree::Ident(ident)) = tokens.get(next) {
            segments.push(ident.to_string());
            next += 1;
            if !is_path_sep(tokens, next) {
                break;
            }
            next += 2;
        }
        let line = tokens[at].span().start().line;
        if let Some(TokenTree::Group(group)) = tokens.get(next)
            && group.delimiter() == Delimiter::Brace
            && next >= 2
            && is_path_sep(tokens, next - 2)
        {
            self.use_group(&segments, group.stream());
            return next + 1;
        }
        let renamed = matches!(tokens.get(next), Some(TokenTree::Ident(word)) if *word == "as");
        if segments == ["crate"] && renamed {
            self.report(
                line,
                "the crate must not be renamed: the table would not see its paths".into(),
            );
        }
        self.segments(line, &segments);
        next.max(at + 1)
    }

    fn use_group(&mut self, prefix: &[String], stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for branch in tokens.split(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ',')) {
            let mut segments = prefix.to_vec();
            let mut line = 0;
            for token in branch {
                match token {
                    TokenTree::Ident(ident) if *ident == "as" => break,
                    TokenTree::Ident(ident) => {
                        line = ident.span().start().line;
                        segments.push(ident.to_string());
                    }
                    TokenTree::Group(group) => self.use_group(&segments, group.stream()),
                    _ => {}
                }
            }
            if line > 0 {
                self.segments(line, &segments);
            }
        }
    }

    fn segments(&mut self, line: usize, segments: &[String]) {
        self.own(line, segments);
        let top = self.module.first().map_or("lib", String::as_str).to_owned();
        if let Some((name, homes)) = CRATES
            .iter()
            .find(|(name, _)| segments.len() > 1 && segments[0] == *name)
            && !homes.contains(&top.as_str())
        {
            self.report(
                line,
                format!("crate `{name}` belongs to {}", homes.join(", ")),
            );
        }
        // A module's own tests may read their corpus.
        let paths = if self.file.ends_with("tests.rs") {
            &[][..]
        } else {
            PATHS
        };
        for (path, homes) in paths {
            let hit = segments
                .windows(path.len())
                .any(|window| window.iter().zip(*path).all(|(a, b)| a == b));
            if hit && !homes.iter().any(|home| self.file.starts_with(home)) {
                self.report(
                    line,
                    format!("`{}` belongs to {}", path.join("::"), homes.join(", ")),
                );
            }
        }
    }

    /// A path into our own crate, by `crate::`, `diembao::` or enough `super::`.
    fn own(&mut self, line: usize, segments: &[String]) {
        let target = match segments.first().map(String::as_str) {
            Some("crate" | "diembao") => segments.get(1),
            Some("super") => {
                let ups = segments.iter().take_while(|s| *s == "super").count();
                // Inline modules (`mod tests`) add a level that the file's name does not show: then one `super`
                // less leads out of the file, and the name found is one of this very module, which is harmless.
                if ups >= self.module.len() {
                    segments.get(ups)
                } else {
                    None
                }
            }
            _ => None,
        };
        let (Some(target), Some(top)) = (target, self.module.first()) else {
            return;
        };
        let known = OWN.iter().any(|(name, _)| name == target);
        let allowed = OWN
            .iter()
            .find(|(name, _)| name == top)
            .map_or(&[][..], |(_, list)| list);
        if known && target != top && !allowed.contains(&target.as_str()) {
            let what = format!("`{top}` must not import `{target}`");
            self.report(line, what);
        }
    }

    fn report(&mut self, line: usize, what: String) {
        self.problems.insert((line, what));
    }
}

fn is_path_sep(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |i: usize| matches!(tokens.get(i), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    colon(at) && colon(at + 1)
}
