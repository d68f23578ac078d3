//! Search over a large archive against plain SQLite FTS5 over the same words, in one run:
//! `cargo bench --bench search -- [ARTICLES] [QUERIES]`.
//!
//! The yardstick is what one gets by `CREATE VIRTUAL TABLE … USING fts5(title, sapo, body, tokenize='unicode61
//! remove_diacritics 2')` and `ORDER BY rank LIMIT 20`: it folds diacritics (not đ) and knows nothing of exact forms.
//! Queries are pairs of words as they stand beside each other in random articles, typed with diacritics or without:
//! common words are asked for as often as they are written. Articles are made of the words of the shipped lexicon and
//! of the frequency table, drawn by their frequency; one in eight has a text of some 250 words beside its lead.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use diembao::model::*;
use diembao::store::{Page, PageOutcome, PageText, PollCommit, SearchFilter, Store, wait};
use diembao::text::fold::fold;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const BATCH: usize = 5_000;

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let articles = numbers.first().copied().unwrap_or(50_000);
    let queries = numbers.get(1).copied().unwrap_or(400);
    let folder = tempfile::tempdir().unwrap();
    let mut world = Words::new(7);
    let began = Instant::now();
    let asked = fill(folder.path(), &mut world, articles, queries);
    println!(
        "{articles} articles written to both in {} s",
        began.elapsed().as_secs()
    );
    let size =
        |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |m| m.len() >> 20);
    println!(
        "files: ours {} MB (articles, entries, keys, index), plain FTS5 {} MB",
        size("diembao.db"),
        size("plain.db")
    );
    ours(folder.path(), &asked);
    plain(folder.path(), &asked);
}

/// Nanoseconds that this process has had on a CPU, all threads: `/proc/self/task/*/schedstat`. On a machine that is busy
/// with other work it tells more than the clock on the wall.
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let nanos = tasks.map(|task| {
        let stat =
            std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
        stat.split(' ')
            .next()
            .and_then(|word| word.parse::<u64>().ok())
            .unwrap_or(0)
    });
    Duration::from_nanos(nanos.sum())
}

/// What a query took, on the wall and on a CPU.
struct Took {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Took {
    fn new() -> Self {
        Self {
            wall: Vec::new(),
            cpu: Vec::new(),
        }
    }

    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, spent) = (Instant::now(), cpu());
        let result = work();
        self.cpu.push(cpu().saturating_sub(spent));
        self.wall.push(wall.elapsed());
        result
    }
}

fn ours(folder: &Path, asked: &[String]) {
    let store = Store::open_beside(folder, fold).unwrap();
    // As the daemon does beside its polls.
    let began = Instant::now();
    while wait(store.index_pending(500)).unwrap() > 0 {}
    println!("indexed in {} s", began.elapsed().as_secs());
    let mut found = 0_u64;
    let mut took = Took::new();
    for query in asked {
        let result = took
            .time(|| wait(store.search(query, &SearchFilter::default(), Page::first(20))))
            .unwrap();
        assert!(!result.hits.is_empty(), "{query} stands in an article");
        found += u64::from(result.total);
    }
    report(
        "ours, exact forms first, counted, with passages",
        &mut took,
        found,
    );
}

fn plain(folder: &Path, asked: &[String]) {
    let conn = rusqlite::Connection::open(folder.join("plain.db")).unwrap();
    conn.execute_batch("PRAGMA cache_size = -16384;").unwrap();
    let mut statement = conn
        .prepare("SELECT rowid, title, sapo FROM plain WHERE plain MATCH ?1 ORDER BY rank LIMIT 20")
        .unwrap();
    let mut found = 0;
    let mut took = Took::new();
    for query in asked {
        let pattern: Vec<String> = query.split(' ').map(|word| format!("\"{word}\"")).collect();
        let rows: Vec<i64> = took.time(|| {
            let rows = statement.query_map([pattern.join(" ")], |row| row.get(0));
            rows.unwrap().collect::<Result<_, _>>().unwrap()
        });
        found += rows.len() as u64;
    }
    report("plain FTS5, bm25, uncounted", &mut took, found);
}

fn report(name: &str, took: &mut Took, found: u64) {
    println!("{name}: {} queries, {found} hits", took.wall.len());
    for (clock, times) in [("CPU ", &mut took.cpu), ("wall", &mut took.wall)] {
        times.sort();
        let at =
            |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!(
            "  {clock}: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0)
        );
    }
}

/// Writes the articles to the store, through its own doors, and to the yardstick; returns queries out of them.
fn fill(folder: &Path, world: &mut Words, articles: usize, queries: usize) -> Vec<String> {
    let store = Store::open(folder, fold).unwrap();
    let begin: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    wait(store.sync_sources(&sources(), begin)).unwrap();
    let mut plain = rusqlite::Connection::open(folder.join("plain.db")).unwrap();
    plain
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
             CREATE VIRTUAL TABLE plain USING fts5 (title, sapo, body, tokenize = 'unicode61 remove_diacritics 2');",
        )
        .unwrap();
    let mut asked = Vec::new();
    for batch in 0..articles.div_ceil(BATCH) {
        let count = BATCH.min(articles - batch * BATCH);
        let now = begin + SignedDuration::from_hours(i64::try_from(batch).unwrap() * 24);
        let texts: Vec<(String, String, Option<String>)> =
            (0..count).map(|_| world.article()).collect();
        wait(store.claim_due_feeds(
            now + SignedDuration::from_hours(2),
            SignedDuration::from_mins(15),
            99,
        ))
        .unwrap();
        let feeds = wait(store.list_feeds()).unwrap();
        let mut commits: Vec<PollCommit> =
            feeds.iter().map(|row| commit(row.feed.id, now)).collect();
        for (nth, (title, sapo, _)) in texts.iter().enumerate() {
            let into = nth % commits.len();
            commits[into]
                .entries
                .push(entry(batch * BATCH + nth, title, sapo, now));
        }
        let reports = wait(store.commit_polls(commits)).unwrap();
        let of = |nth: usize| reports[nth % reports.len()].new_articles[nth / reports.len()];
        let tx = plain.transaction().unwrap();
        for (nth, (title, sapo, body)) in texts.iter().enumerate() {
            tx.prepare_cached(
                "INSERT INTO plain (rowid, title, sapo, body) VALUES (?1, ?2, ?3, ?4)",
            )
            .unwrap()
            .execute((of(nth).0, title, sapo, body.as_deref().unwrap_or("")))
            .unwrap();
            if let Some(body) = body {
                let page = PageText {
                    body: body.clone(),
                    ..PageText::default()
                };
                let read = PageOutcome::Read(Box::new(page));
                wait(store.commit_page(of(nth), read, SignedDuration::from_hours(48))).unwrap();
            }
        }
        tx.commit().unwrap();
        let wanted = queries * (batch + 1) / articles.div_ceil(BATCH);
        while asked.len() < wanted {
            let (title, sapo, _) = &texts[world.below(texts.len())];
            let text = if world.below(2) == 0 { title } else { sapo };
            let words: Vec<&str> = text.split(' ').collect();
            let at = world.below(words.len() - 1);
            let pair = format!("{} {}", words[at], words[at + 1]);
            // Half of the people type without diacritics; đ stays, or the yardstick would find nothing.
            asked.push(match world.below(2) {
                0 => pair,
                _ => pair
                    .split(' ')
                    .map(plain_but_d)
                    .collect::<Vec<_>>()
                    .join(" "),
            });
        }
    }
    asked
}

fn plain_but_d(word: &str) -> String {
    match word.contains(['đ', 'Đ']) {
        true => word.to_owned(),
        false => fold(word),
    }
}

fn commit(feed: FeedId, now: Timestamp) -> PollCommit {
    PollCommit {
        feed,
        state: FeedState {
            last_ok_at: Some(now),
            last_poll_at: Some(now),
            next_poll_at: Some(now + SignedDuration::from_hours(1)),
            ..FeedState::default()
        },
        entries: Vec::new(),
        at: now,
        backfill_after: SignedDuration::from_hours(48),
    }
}

fn entry(nth: usize, title: &str, sapo: &str, now: Timestamp) -> IdentifiedEntry {
    let url = format!("https://bao.example/bai-{nth}.html");
    IdentifiedEntry {
        entry_key: format!("u:{nth}"),
        article_keys: vec![ArticleKey(format!("url:{nth}"))],
        url: Some(url.clone()),
        sapo: Some(sapo.to_owned()),
        section: None,
        url_date: None,
        content: [0; 16],
        entry: Entry {
            link: Some(url),
            title: title.to_owned(),
            published: Some(now - SignedDuration::from_mins(i64::try_from(nth % 600).unwrap())),
            ..Entry::default()
        },
    }
    .hashed()
}

fn sources() -> Vec<Source> {
    (0..34)
        .map(|nth| Source {
            key: SourceKey(format!("bao-{nth}")),
            name: format!("Báo {nth}"),
            province: Some(format!("tinh-{nth}")),
            domain: format!("bao{nth}.example"),
            aliases: Vec::new(),
            rank: 1,
            publisher: None,
            page_rules: PageRules::default(),
            access: diembao::model::SourceAccess::default(),
            time_zone: None,
            feeds: vec![FeedSpec {
                key: FeedKey(format!("bao-{nth}/chung")),
                url: format!("https://bao{nth}.example/rss").parse().unwrap(),
                kind: FeedKind::Feed,
                section: None,
                enabled: true,
                verified: true,
                list: None,
            }],
        })
        .collect()
}

/// Vietnamese words by how often newspapers write them.
struct Words {
    words: Vec<String>,
    /// Running sums of the frequencies.
    sums: Vec<u64>,
    state: u64,
}

impl Words {
    fn new(seed: u64) -> Self {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        // Words of the frequency table, each with the number of documents that have it.
        for line in include_str!("../src/analyse/story/frequencies.tsv").lines() {
            let mut columns = line.split('\t');
            let (Some(word), Some(count)) = (
                columns.next(),
                columns.next().and_then(|n| n.parse::<u64>().ok()),
            ) else {
                continue;
            };
            for syllable in word
                .split(['_', ' '])
                .filter(|s| s.chars().all(char::is_alphabetic) && !s.is_empty())
            {
                *counts.entry(syllable.to_owned()).or_default() += count;
            }
        }
        let mut sum = 0;
        let (mut words, mut sums) = (Vec::new(), Vec::new());
        for (word, count) in counts {
            sum += count;
            words.push(word);
            sums.push(sum);
        }
        assert!(words.len() > 1_000, "only {} words", words.len());
        Self {
            words,
            sums,
            state: seed,
        }
    }

    /// SplitMix64: the same articles in every run.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn text(&mut self, words: usize) -> String {
        let total = *self.sums.last().unwrap();
        let nths: Vec<usize> = (0..words)
            .map(|_| {
                let at = self.next() % total;
                self.sums.partition_point(|sum| *sum <= at)
            })
            .collect();
        let drawn: Vec<&str> = nths.iter().map(|nth| self.words[*nth].as_str()).collect();
        drawn.join(" ")
    }

    fn article(&mut self) -> (String, String, Option<String>) {
        let title = 8 + self.below(8);
        let sapo = 25 + self.below(20);
        let body = (self.below(8) == 0).then(|| 180 + self.below(140));
        (
            self.text(title),
            self.text(sapo),
            body.map(|words| self.text(words)),
        )
    }
}
