//! What the guides print is true: their commands run, their settings pass `check`, their tables name what there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const GUIDES: [&str; 3] = ["README.md", "README.vi.md", "systemd/README.md"];

#[test]
fn the_demo_writes_what_the_readme_tells_to_open() {
    let dir = tempfile::tempdir().unwrap();
    let said = text(&succeeds(dir.path(), &["demo"]));
    assert!(said.contains("diem-bao-2026-11-20"), "{said}");
    let page = fs::read_to_string(dir.path().join("demo-out/diem-bao-2026-11-20.html")).unwrap();
    assert!(page.contains("xây dựng Đảng"));
    let letter = fs::read_to_string(dir.path().join("demo-out/diem-bao-2026-11-20.eml")).unwrap();
    assert!(letter.contains("Message-ID: <"), "no letter: {letter:.200}");

    // The data that the demo leaves behind are enough to look at with the commands of the table.
    let beside = |args: &[&str]| {
        let data = ["--data-dir", "demo-out/data"];
        text(&succeeds(dir.path(), &[args, &data].concat()))
    };
    // Exit code 1: of a service that does not run, a human has to know.
    let status = diembao(dir.path(), &["status", "--data-dir", "demo-out/data"]);
    assert!(text(&status).contains("Dịch vụ: không chạy") && status.status.code() == Some(1));
    assert!(beside(&["search", "xay", "dung", "dang"]).contains("bài."));
    assert!(beside(&["explain", "1"]).contains("Bài 1: "));
    assert!(beside(&["feeds", "list"]).contains("an-giang/home"));
    assert!(beside(&["outbox", "list"]).contains("can-bo@tinh.example"));
}

#[test]
fn the_commands_that_need_nothing_run_in_an_empty_folder() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&succeeds(dir, &["completions", shell])).contains("diembao"));
    }
    assert!(text(&succeeds(dir, &["man"])).starts_with(".ie"));
    for (name, shipped) in [
        ("diembao.toml", include_str!("../../config/diembao.toml")),
        ("feeds.toml", include_str!("../../config/feeds.toml")),
    ] {
        fs::write(dir.join(name), shipped).unwrap();
        succeeds(dir, &["check", name]);
    }
    fs::write(
        dir.join("tin.rss"),
        "<rss version=\"2.0\"><channel><title>Báo Ví Dụ</title><item><title>Đảng bộ xã Hòa Bình kết nạp đảng viên</title>\
         <link>https://baovidu.vn/ket-nap-a1.html</link></item></channel></rss>",
    )
    .unwrap();
    let parsed = text(&succeeds(dir, &["tool", "parse", "tin.rss"]));
    assert!(
        parsed.contains("Đảng bộ xã Hòa Bình kết nạp đảng viên"),
        "{parsed}"
    );
}

#[test]
fn the_tables_of_commands_and_the_help_name_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let known = subcommands(dir.path(), &[]);
    for guide in ["README.md", "README.vi.md"] {
        let named = named_in_table(guide);
        let heads: BTreeSet<String> = named.iter().map(|path| path[0].clone()).collect();
        assert_eq!(heads, known, "{guide} and `diembao --help` differ");
        for path in named.iter().filter(|path| path.len() > 1) {
            assert!(
                subcommands(dir.path(), &path[..1]).contains(&path[1]),
                "{guide} names `{}`, which is no command",
                path.join(" ")
            );
        }
    }
}

#[test]
fn the_settings_of_the_guides_pass_check() {
    let mut seen = 0;
    for guide in GUIDES {
        for block in fenced(guide, "toml") {
            let first = block.lines().next().unwrap_or_default();
            let name = first.rsplit('/').next().unwrap_or_default();
            assert!(
                ["diembao.toml", "feeds.toml"].contains(&name),
                "{guide}: a toml block must begin with `# /etc/diembao/FILE`: {first}"
            );
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), &block).unwrap();
            succeeds(dir.path(), &["check", name]);
            seen += 1;
        }
    }
    assert!(seen >= 3, "only {seen} blocks found");
}

#[test]
fn the_files_that_the_guides_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for guide in GUIDES.iter().chain(&["ARCHITECTURE.md", "SECURITY.md"]) {
        let folder = root.join(guide).parent().unwrap().to_owned();
        for (at, _) in read(guide).match_indices("](") {
            let rest = read(guide)[at + 2..].to_owned();
            let target = rest.split([')', '#']).next().unwrap_or_default();
            let is_file = !target.is_empty() && !target.contains("://");
            assert!(
                !is_file || folder.join(target).exists(),
                "{guide} links to {target}, which is not there"
            );
        }
        for line in fenced(guide, "sh").concat().lines() {
            for word in line.split_whitespace().filter(|word| {
                ["config/", "systemd/"]
                    .iter()
                    .any(|at| word.starts_with(at))
            }) {
                assert!(root.join(word).exists(), "{guide}: {word} is not there");
            }
        }
    }
}

fn read(guide: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(guide)).unwrap()
}

/// The blocks of a guide fenced as this language.
fn fenced(guide: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let blocks = read(guide);
    let blocks = blocks.split(&opening).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// The commands in the first column of the table whose heading is `command` or `lệnh`: `feeds list` as two words.
fn named_in_table(guide: &str) -> Vec<Vec<String>> {
    let guide = read(guide);
    let rows = guide
        .lines()
        .skip_while(|line| !line.starts_with("| command |") && !line.starts_with("| lệnh |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|command| {
            let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
            command
                .split(' ')
                .take_while(is_word)
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

/// The commands that `--help` lists below this one.
fn subcommands(dir: &Path, path: &[String]) -> BTreeSet<String> {
    let mut args: Vec<&str> = path.iter().map(String::as_str).collect();
    args.push("--help");
    let help = text(&succeeds(dir, &args));
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A continued description is indented further than a name.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn diembao(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diembao"))
        .current_dir(dir)
        .env_remove("STATE_DIRECTORY")
        .args(args)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(dir: &Path, args: &[&str]) -> Output {
    let output = diembao(dir, args);
    assert!(
        output.status.success(),
        "diembao {}: {}\n{}{}",
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
