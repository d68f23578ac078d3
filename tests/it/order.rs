//! The same articles in any order of arrival, in polls of any size, on one thread or on several, make the same edition, byte
//! for byte: the one of today, and the one of tomorrow that follows on it.

use crate::support::claim_all;
use diembao::{
    config::{self, Env},
    daemon::{
        clock::Clock,
        desk,
        works::{Setup, Works},
    },
    model::{ArticleKey, Entry, FeedState, IdentifiedEntry},
    store::{PollCommit, Store},
    text::fold::fold,
};
use jiff::{SignedDuration, Timestamp};
use std::{fmt::Write as _, fs, sync::Arc};

/// Papers, each with a rank of its own: where papers are equals, the first to come stands first.
const PAPERS: [(&str, &str); 5] = [
    ("bao-a", ""),
    ("bao-b", "province = \"an-giang\""),
    ("bao-c", "province = \"ca-mau\""),
    ("bao-d", "province = \"gia-lai\""),
    ("bao-e", "province = \"lam-dong\""),
];

fn setup(dir: &std::path::Path) -> Arc<Setup> {
    let mut sources = String::new();
    for (rank, (key, province)) in PAPERS.iter().enumerate() {
        writeln!(
            sources,
            "[[source]]\nkey = \"{key}\"\nname = \"Báo {key}\"\ndomain = \"{key}.example\"\nrank = {rank}\n{province}\n\
             [[source.feed]]\nkey = \"moi\"\nurl = \"https://{key}.example/rss\"\n"
        )
        .unwrap();
    }
    fs::write(dir.join("feeds.toml"), sources).unwrap();
    let file = dir.join("diembao.toml");
    let digest = "[[digest]]\nname = \"hang-ngay\"\nat = \"06:30\"\ndays = \"T2-CN\"\nrecipients = [\"an@coquan.example\"]\n";
    fs::write(&file, digest).unwrap();
    let config = config::load_with(Some(&file), Env(&|_| None)).unwrap();
    Arc::new(Setup::new(config, None).unwrap())
}

/// Day, paper, headline, lead: events told by several papers, copies, forms filled in anew, and other news.
fn news(day: usize) -> Vec<(usize, String, String)> {
    let mut all = Vec::new();
    for (i, place) in ["Bến Mới", "Chợ Cũ", "Đồi Mây", "Cồn Dừa", "Suối Lạnh"]
        .iter()
        .enumerate()
    {
        let (bodies, members) = (12 + 3 * i + day, 140 + 11 * i);
        let lead = format!(
            "Đảng ủy xã {place} sơ kết công tác kiểm tra, giám sát chín tháng. Ủy ban kiểm tra Đảng ủy xã {place} đã kiểm tra {bodies} chi bộ và \
             {members} đảng viên, qua đó kịp thời nhắc nhở các chi bộ chậm nộp đảng phí, yêu cầu bổ sung quy chế làm việc trong tháng này."
        );
        all.push((
            i,
            format!("Đảng ủy xã {place} kiểm tra {bodies} chi bộ"),
            lead.clone(),
        ));
        // A copy in another paper under another headline, with its dateline.
        all.push((
            (i + 1) % 5,
            format!("Chín tháng, {place} kiểm tra {members} đảng viên"),
            format!("(TTXVN) - {lead}"),
        ));
        let other = format!(
            "Qua kiểm tra {bodies} chi bộ, Ủy ban kiểm tra Đảng ủy xã {place} nhắc nhở những nơi nộp đảng phí chậm. Trong chín tháng, có {} đảng \
             viên của xã {place} được kiểm tra, giám sát.",
            members + i % 2
        );
        all.push((
            (i + 2) % 5,
            format!("Xã {place} nhắc nhở chi bộ chậm nộp đảng phí"),
            other,
        ));
        all.push((
            (i + 3) % 5,
            format!("Giá lúa ở {place} tăng {members} đồng"),
            format!("Thương lái mua lúa ở {place} cao hơn hôm qua."),
        ));
    }
    all
}

fn entry(
    day: usize,
    number: usize,
    title: &str,
    lead: &str,
    published: Timestamp,
) -> IdentifiedEntry {
    let link = format!("https://bao.example/{day}/tin-{number}");
    IdentifiedEntry {
        entry_key: link.clone(),
        article_keys: vec![ArticleKey(link.clone())],
        url: Some(link.clone()),
        sapo: Some(lead.to_owned()),
        section: None,
        url_date: None,
        content: [0; 16],
        entry: Entry {
            link: Some(link),
            title: title.to_owned(),
            published: Some(published),
            ..Entry::default()
        },
    }
    .hashed()
}

/// The letters of two days, when the articles come in the order that `seed` shuffles them into.
async fn letters(seed: u64) -> Vec<[String; 3]> {
    let dir = tempfile::tempdir().unwrap();
    let setup = setup(dir.path());
    let store = Store::open(&dir.path().join("data"), fold).unwrap();
    let mut letters = Vec::new();
    for day in 0..2 {
        let morning: Timestamp = "2026-11-19T06:30:00+07:00".parse().unwrap();
        let due = morning + SignedDuration::from_hours(24 * day as i64);
        let came = due - SignedDuration::from_hours(2);
        let works = |now| {
            let (_, receiver) = tokio::sync::watch::channel(Arc::clone(&setup));
            Works::new(store.clone(), Clock::Fixed(now), receiver)
        };
        let sources: Vec<_> = setup.config.sources.clone();
        store
            .sync_sources(&sources, came - SignedDuration::from_hours(48))
            .await
            .unwrap();
        let mut all: Vec<_> = news(day).into_iter().enumerate().collect();
        shuffle(&mut all, seed + day as u64);
        for part in all.chunks(1 + seed as usize % 9) {
            let feeds = claim_all(&store, came).await;
            let commits = feeds.iter().map(|feed| {
                let of_paper = part
                    .iter()
                    .filter(|(_, (paper, _, _))| feed.source.as_str() == PAPERS[*paper].0);
                PollCommit {
                    feed: feed.id,
                    state: FeedState {
                        last_ok_at: Some(came),
                        next_poll_at: Some(came),
                        ..FeedState::default()
                    },
                    entries: of_paper
                        .map(|(number, (_, title, lead))| {
                            let published = came - SignedDuration::from_mins(*number as i64);
                            entry(day, *number, title, lead, published)
                        })
                        .collect(),
                    at: came,
                    backfill_after: SignedDuration::from_hours(48),
                }
            });
            store.commit_polls(commits.collect()).await.unwrap();
            desk::analyse_pending(&works(came), || ()).await.unwrap();
        }
        let made = desk::compose_due(&works(due)).await.unwrap();
        let made = made.last().expect("an edition is due");
        letters.push([
            made.rendered.subject.clone(),
            made.rendered.html.clone(),
            made.rendered.text.clone(),
        ]);
    }
    letters
}

/// Fisher and Yates, by a small generator: the same for the same seed.
fn shuffle<T>(all: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for i in (1..all.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        all.swap(i, (state % (i as u64 + 1)) as usize);
    }
}

fn on_threads(threads: usize, seed: u64) -> Vec<[String; 3]> {
    let mut runtime = match threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime
        .worker_threads(threads)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(letters(seed))
}

#[test]
fn the_same_articles_in_any_order_on_any_threads_make_the_same_letters() {
    let first = on_threads(1, 1);
    assert!(first[0][2].contains("Bến Mới"), "{}", first[0][2]);
    // The next day each of the five goes on with what was told the day before.
    for part in &first[1][1..] {
        let words: Vec<&str> = part.split_whitespace().collect();
        let told = words
            .join(" ")
            .to_lowercase()
            .matches("tiếp theo số 1")
            .count();
        assert_eq!(told, 5, "{part}");
    }
    for seed in 2..8 {
        let again = on_threads(1 + seed as usize % 3, seed);
        for (day, (a, b)) in first.iter().zip(&again).enumerate() {
            for (a, b) in a.iter().zip(b) {
                assert!(a == b, "day {day}, order {seed}:\n{a}\n----\n{b}");
            }
        }
    }
}
