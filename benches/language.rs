//! What the language work costs, beside a plain reading of the same texts and, where `YARDSTICK` names one, beside another
//! program's word segmentation of them (`benches/segment.py`), all in one run: ratios are what counts.
//!
//!     cargo bench --bench language              ARTICLES=100000 for the index of the bar
//!
//! Times are CPU times of this thread's process, which a busy machine does not stretch much; memory is the process's peak.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use diembao::{
    analyse::{
        figures::figures,
        names::Gazetteer,
        neardup::{self, NearText, index},
        story::{StoryText, Usage, cluster},
        summary::{Budget, Source, summarise},
        topic::classify,
    },
    config::{Places, topics::Topics},
    model::{
        ArticleId, ArticleKey, ArticleText, Entry, FeedKey, FeedKind, FeedSpec, FeedState,
        IdentifiedEntry, NearKeys, PageRules, SourceKey, Verdict,
    },
    store::{Analysis, PollCommit, Store, wait},
    text::{fold::fold, syllable::syllables},
};
use jiff::SignedDuration;
use std::{fs, hint::black_box, process::Command, time::Duration};

/// The demo's invented papers: their texts.
const WORLD: &str = include_str!("../src/cli/demo/world.toml");

struct Piece {
    title: String,
    lead: String,
    body: String,
}

/// Articles of the usual length, some 500 syllables: seventeen of the demo's short ones each.
fn pieces() -> Vec<Piece> {
    let field = |item: &str, name: &str| -> String {
        let quoted = item
            .split_once(&format!("\n{name} = \""))
            .map_or("", |(_, rest)| rest);
        quoted
            .split("\"\n")
            .next()
            .unwrap_or("")
            .trim_matches('"')
            .trim()
            .to_owned()
    };
    let items: Vec<Piece> = WORLD
        .split("[[paper.item]]")
        .skip(1)
        .map(|item| Piece {
            title: field(item, "title"),
            lead: field(item, "sapo"),
            body: item
                .split_once("body = \"\"\"")
                .map_or("", |(_, rest)| rest)
                .split("\"\"\"")
                .next()
                .unwrap_or("")
                .trim()
                .to_owned(),
        })
        .filter(|piece| !piece.body.is_empty())
        .collect();
    let bodies = |from: usize| (from..from + 17).map(|i| items[i % items.len()].body.as_str());
    (0..items.len())
        .map(|i| Piece {
            title: items[i].title.clone(),
            lead: items[i].lead.clone(),
            body: bodies(i).collect::<Vec<_>>().join("\n\n"),
        })
        .collect()
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    Duration::from_nanos(nanoseconds)
}

fn took<R>(work: impl FnOnce() -> R) -> f64 {
    let before = cpu();
    black_box(work());
    (cpu() - before).as_secs_f64() * 1_000.0
}

fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

fn one_article(pieces: &[Piece]) {
    let topics = Topics::builtin();
    let n = pieces.len() as f64;
    let words: usize = pieces.iter().map(|p| syllables(&p.body).count()).sum();
    let all = |work: &dyn Fn(&Piece)| {
        pieces.iter().for_each(work); // Tables are made at the first call.
        // The kernel books CPU time by ticks of some milliseconds: short work is done until it took many of them.
        let (mut passes, mut spent) = (0.0, 0.0);
        while spent < 200.0 && passes < 10_000.0 {
            spent += took(|| (0..3).for_each(|_| pieces.iter().for_each(work)));
            passes += 3.0;
        }
        spent / passes / n
    };
    let reading = all(&|p| {
        for part in [&p.title, &p.lead, &p.body] {
            black_box(syllables(part).count());
        }
    });
    let relevance = all(&|p| {
        let text = ArticleText {
            title: &p.title,
            sapo: &p.lead,
            body: &p.body,
            ..ArticleText::default()
        };
        drop(black_box(classify(topics, &text)));
    });
    let counted = all(&|p| drop(black_box(figures(&p.title, &p.lead, &p.body))));
    let told = all(&|p| {
        let source = Source {
            title: &p.title,
            lead: &p.lead,
            body: &p.body,
        };
        drop(black_box(summarise(&[source], Budget::about(90))));
    });
    let keyed = all(&|p| drop(black_box(NearText::new(&p.lead, &p.body).keys())));
    let whole = relevance + counted + told;
    println!(
        "one article of {:.0} syllables, ms of CPU:",
        words as f64 / n
    );
    println!(
        "  reading it (syllables) {reading:.3}; classify {relevance:.3}, figures {counted:.3}, summary {told:.3}"
    );
    println!(
        "  classify + figures + summary {whole:.3} ms = {:.1} readings; windows for copies {keyed:.3}",
        whole / reading
    );
    if let Some(other) = yardstick(pieces) {
        println!(
            "  yardstick, word segmentation alone: {other:.3} ms an article: ours takes {:.3} of it",
            whole / other
        );
    }
}

/// Milliseconds of CPU an article by `benches/segment.py`, run by the Python that `YARDSTICK` names.
fn yardstick(pieces: &[Piece]) -> Option<f64> {
    let python = std::env::var_os("YARDSTICK")?;
    let dir = tempfile::tempdir().ok()?;
    let file = dir.path().join("texts.json");
    let texts: Vec<&str> = pieces.iter().map(|p| p.body.as_str()).collect();
    fs::write(&file, serde_json::to_string(&texts).ok()?).ok()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/segment.py");
    let out = Command::new(python).arg(script).arg(&file).output().ok()?;
    eprint!("{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).ok()?.trim().parse().ok()
}

/// A window of 2,000 articles: the demo's, with other numbers and names in each.
fn stories(pieces: &[Piece]) {
    let places = Gazetteer::new(&Places::builtin());
    let varied: Vec<Piece> = (0..2_000)
        .map(|i| {
            let piece = &pieces[i % pieces.len()];
            let other = |text: &str| {
                text.replace("Đảng", &format!("Đảng {}", i / pieces.len()))
                    .replace("1", &format!("{}", i % 9))
            };
            Piece {
                title: other(&piece.title),
                lead: other(&piece.lead),
                body: other(&piece.body),
            }
        })
        .collect();
    let mut texts = Vec::new();
    let prepare = took(|| {
        texts = varied
            .iter()
            .map(|p| StoryText::new(&p.title, &p.lead, &p.body, &places, None))
            .collect();
    });
    let mut groups = 0;
    let group = took(|| {
        let mut found = cluster(&texts, &Usage::default());
        found.sort_unstable();
        found.dedup();
        groups = found.len();
    });
    println!(
        "stories of 2,000 articles: prepare {prepare:.0} + group {group:.0} = {:.0} ms of CPU ({groups} stories)",
        prepare + group
    );
}

/// The index in the store, at three sizes: what one look-up costs.
fn copies(pieces: &[Piece]) {
    let most: usize = std::env::var("ARTICLES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(10_000);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path(), fold).expect("a new store");
    let now = jiff::Timestamp::from_second(1_795_000_000).expect("a time");
    wait(store.sync_sources(&[source()], now)).expect("a source");
    let feed = wait(store.list_feeds()).expect("feeds")[0].feed.id;
    let mut stored = 0;
    for size in [most / 100, most / 10, most] {
        while stored < size {
            let batch = 1_000.min(size - stored);
            add(&store, feed, now, stored, batch, pieces);
            stored += batch;
        }
        let ids: Vec<ArticleId> = (0..200)
            .map(|i| ArticleId(1 + (i * size / 200) as i64))
            .collect();
        let look = |ids: &[ArticleId]| {
            for id in ids {
                let found = wait(store.near(vec![*id], index::MAX_HOLDERS)).expect("a look-up");
                let others = found[0].others.iter().map(|o| index::Neighbour {
                    text: o.article,
                    shared: o.shared,
                    size: o.size,
                    tag: o.tag,
                });
                black_box(index::nearest(found[0].size, others));
            }
        };
        look(&ids[..20]);
        // The store works on a thread of its own: wall time, which a busy machine stretches.
        let began = std::time::Instant::now();
        look(&ids);
        let each = began.elapsed().as_secs_f64() * 1_000.0 / ids.len() as f64;
        println!(
            "near-duplicates against {stored} articles: a look-up {each:.3} ms (wall); peak memory {:.0} MB",
            peak_mb()
        );
    }
    let both: Vec<NearText> = pieces
        .iter()
        .take(50)
        .map(|p| NearText::new(&p.lead, &p.body))
        .collect();
    let judged = took(|| {
        let copies = both
            .iter()
            .filter(|one| neardup::is_copy(black_box(one), &both[0]));
        black_box(copies.count());
    }) / 50.0;
    println!("judging whether two texts are copies: {judged:.4} ms of CPU");
}

fn source() -> diembao::model::Source {
    diembao::model::Source {
        key: SourceKey("bao".to_owned()),
        name: "Báo".to_owned(),
        province: None,
        domain: "bao.example".to_owned(),
        aliases: Vec::new(),
        rank: 1,
        publisher: None,
        page_rules: PageRules::default(),
        access: diembao::model::SourceAccess::default(),
        time_zone: None,
        feeds: vec![FeedSpec {
            key: FeedKey("bao/moi".to_owned()),
            url: "https://bao.example/rss".parse().expect("an address"),
            kind: FeedKind::Feed,
            section: None,
            enabled: true,
            verified: true,
            list: None,
        }],
    }
}

/// Articles with as many windows as the demo's have: every fourth prints one of those again, in part; the rest is its own.
fn add(
    store: &Store,
    feed: diembao::model::FeedId,
    now: jiff::Timestamp,
    from: usize,
    count: usize,
    pieces: &[Piece],
) {
    let entries = (from..from + count).map(|i| {
        let link = format!("https://bao.example/{i}");
        IdentifiedEntry {
            entry_key: link.clone(),
            article_keys: vec![ArticleKey(link.clone())],
            url: Some(link.clone()),
            sapo: None,
            section: None,
            url_date: None,
            content: [0; 16],
            entry: Entry {
                link: Some(link),
                title: format!("Tin {i}"),
                published: Some(now),
                ..Entry::default()
            },
        }
        .hashed()
    });
    let commit = PollCommit {
        feed,
        state: FeedState::default(),
        entries: entries.collect(),
        at: now,
        backfill_after: SignedDuration::from_hours(48),
    };
    let ids = wait(store.commit_polls(vec![commit])).expect("a poll")[0]
        .new_articles
        .clone();
    let analyses = ids.into_iter().enumerate().map(|(nth, article)| {
        let i = (from + nth) as u64;
        let piece = &pieces[i as usize % pieces.len()];
        let model = NearText::new(&piece.lead, &piece.body).keys();
        let own = |n: usize| (i * 1_000 + n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) as u32;
        let kept = if i.is_multiple_of(4) {
            model.windows.len() / 3
        } else {
            0
        };
        let mut windows: Vec<u32> = model
            .windows
            .iter()
            .enumerate()
            .map(|(n, window)| if n < kept { *window } else { own(n) })
            .collect();
        windows.sort_unstable();
        windows.dedup();
        Analysis {
            article,
            verdict: Verdict {
                level: 2,
                ..Verdict::default()
            },
            page_wanted: false,
            names: Vec::new(),
            near: NearKeys {
                windows,
                tag: own(999) as u16,
            },
        }
    });
    wait(store.commit_analyses(1, analyses.collect(), now)).expect("verdicts");
}

fn main() {
    let pieces = pieces();
    one_article(&pieces);
    stories(&pieces);
    copies(&pieces);
}
