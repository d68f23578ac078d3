//! Random lives of the desk (fetches, crashes, clocks set forth and back, config edits, downtime), on real
//! files with a fake clock. Whatever happened: every relevant article stands in exactly one edition of each digest,
//! editions stay as they were frozen, and all forms of an edition tell the same counts.

use crate::support::claim_all;
use diembao::{
    config::{self, Env},
    daemon::{
        clock::Clock,
        desk,
        works::{Setup, Works},
    },
    edition,
    model::{
        ArticleId, ArticleKey, DigestName, Edition, EditionId, Entry, FeedState, IdentifiedEntry,
        Ingest, Rendered,
    },
    store::{PollCommit, Store},
    text::fold::fold,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, LazyLock},
};

/// What may happen; numbers are taken modulo what makes sense.
#[derive(Debug, Clone)]
enum Event {
    /// A poll brings articles of these kinds.
    Fetch(Vec<(u8, u8)>),
    /// Time passes, the daemon being idle.
    Wait(u16),
    /// The machine is off for some days.
    Downtime(u8),
    /// The clock is set back by some minutes.
    SetBack(u16),
    /// The desk's round: analyse, compose what is due.
    Round,
    /// A poll is committed between the two halves of a round.
    Interleaved(Vec<(u8, u8)>),
    /// The process dies after composing and before freezing, and starts again.
    CrashWhileComposing,
    /// The process dies after the freeze and starts again.
    CrashAfterRound,
    /// An admin asks for today's edition out of turn.
    OutOfTurn,
    /// Another config is put in force.
    Edit(u8),
}

fn event() -> impl Strategy<Value = Event> {
    let items = || prop::collection::vec((any::<u8>(), any::<u8>()), 1..4);
    prop_oneof![
        4 => items().prop_map(Event::Fetch),
        3 => (1u16..900).prop_map(Event::Wait),
        1 => (1u8..7).prop_map(Event::Downtime),
        1 => (1u16..300).prop_map(Event::SetBack),
        4 => Just(Event::Round),
        1 => items().prop_map(Event::Interleaved),
        1 => Just(Event::CrashWhileComposing),
        1 => Just(Event::CrashAfterRound),
        1 => Just(Event::OutOfTurn),
        1 => any::<u8>().prop_map(Event::Edit),
    ]
}

/// Two papers, one of An Giang.
const SOURCES: &str = r#"
[[source]]
key = "song-hau"
name = "Báo Sông Hậu"
domain = "baosonghau.example"
province = "an-giang"
[[source.feed]]
key = "moi"
url = "https://baosonghau.example/rss"

[[source]]
key = "bien-dong"
name = "Báo Biển Đông"
domain = "baobiendong.example"
[[source.feed]]
key = "moi"
url = "https://baobiendong.example/rss"
"#;

/// The configs that an admin changes between. What a digest takes stays; when, how and to whom changes.
static SETUPS: LazyLock<Vec<Arc<Setup>>> = LazyLock::new(|| {
    let variants = [
        ("06:30", "T2-T7", "2", "an@coquan.example"),
        ("05:00", "T2-CN", "1", "binh@coquan.example"),
        ("16:45", "T2,T4,T6", "2", "chi@coquan.example"),
    ];
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("feeds.toml"), SOURCES).unwrap();
    variants
        .iter()
        .map(|(at, days, level, recipient)| {
            let digest = |name: &str, rest: &str| {
                format!(
                    "[[digest]]\nname = \"{name}\"\nat = \"{at}\"\ndays = \"{days}\"\nmin_level = {level}\n\
                     recipients = [\"{recipient}\"]\n{rest}\n"
                )
            };
            let file = dir.path().join("diembao.toml");
            let text = digest("ca-nuoc", "") + &digest("an-giang", "provinces = [\"an-giang\"]");
            fs::write(&file, text).unwrap();
            let config = config::load_with(Some(&file), Env(&|_| None)).unwrap();
            Arc::new(Setup::new(config, None).unwrap())
        })
        .collect()
});

const DIGESTS: [&str; 2] = ["ca-nuoc", "an-giang"];

struct Life<'d> {
    dir: &'d Path,
    store: Option<Store>,
    now: Timestamp,
    start: Timestamp,
    setup: usize,
    served: u32,
    frozen: BTreeMap<EditionId, (Edition, Rendered)>,
}

impl<'d> Life<'d> {
    fn new(dir: &'d Path) -> Self {
        let start = "2026-03-02T06:00:00+07:00".parse().unwrap();
        let mut life = Self {
            dir,
            store: None,
            now: start,
            start,
            setup: 0,
            served: 0,
            frozen: BTreeMap::new(),
        };
        life.restart();
        life
    }

    fn restart(&mut self) {
        self.store = None;
        self.store = Some(Store::open(self.dir, fold).unwrap());
    }

    fn works(&self) -> Works {
        let (_, setup) = tokio::sync::watch::channel(Arc::clone(&SETUPS[self.setup]));
        let store = self.store.clone().unwrap();
        Works::new(store, Clock::Fixed(self.now), setup)
    }

    async fn live(&mut self, event: Event) {
        let works = self.works();
        match event {
            Event::Fetch(kinds) => self.fetch(&works, &kinds).await,
            Event::Wait(minutes) => self.now += SignedDuration::from_mins(minutes.into()),
            Event::Downtime(days) => self.now += SignedDuration::from_hours(24 * i64::from(days)),
            Event::SetBack(minutes) => {
                self.now = self
                    .start
                    .max(self.now - SignedDuration::from_mins(minutes.into()));
            }
            Event::Round => self.round(&works).await,
            Event::Interleaved(kinds) => {
                desk::analyse_pending(&works, || ()).await.unwrap();
                self.fetch(&works, &kinds).await;
                desk::compose_due(&works).await.unwrap();
            }
            Event::CrashWhileComposing => {
                let setup = works.setup();
                for digest in &setup.config.digests {
                    let plan = diembao::daemon::calendar::plan(&works, &setup, digest)
                        .await
                        .unwrap();
                    for due in edition::window::due(&[plan], self.now) {
                        desk::compose(&works, &setup, digest, &due).await.unwrap();
                    }
                }
                drop(works);
                self.restart();
            }
            Event::CrashAfterRound => {
                self.round(&works).await;
                drop(works);
                self.restart();
            }
            Event::OutOfTurn => self.out_of_turn(&works).await,
            Event::Edit(which) => self.setup = usize::from(which) % SETUPS.len(),
        }
    }

    async fn round(&self, works: &Works) {
        desk::analyse_pending(works, || ()).await.unwrap();
        desk::compose_due(works).await.unwrap();
    }

    async fn out_of_turn(&self, works: &Works) {
        let setup = works.setup();
        let digest = &setup.config.digests[0];
        let plan = diembao::daemon::calendar::plan(works, &setup, digest)
            .await
            .unwrap();
        let today = self.now.to_zoned(plan.schedule.zone.clone()).date();
        let slot = plan.schedule.appointment(today).unwrap();
        let due = edition::window::Due {
            digest: digest.name.clone(),
            covers: edition::window::covers(&plan, &slot, self.now).unwrap(),
            slot: slot.text,
        };
        desk::compose_and_freeze(works, &setup, digest, &due)
            .await
            .unwrap();
    }

    /// One poll of each paper, the articles dealt out between them.
    async fn fetch(&mut self, works: &Works, kinds: &[(u8, u8)]) {
        let feeds = claim_all(&works.store, self.now).await;
        let mut commits: Vec<PollCommit> = feeds
            .iter()
            .map(|feed| PollCommit {
                feed: feed.id,
                state: FeedState {
                    last_ok_at: Some(self.now),
                    next_poll_at: Some(self.now),
                    ..FeedState::default()
                },
                entries: Vec::new(),
                at: self.now,
                backfill_after: SignedDuration::from_hours(48),
            })
            .collect();
        for (number, (kind, age)) in kinds.iter().enumerate() {
            self.served += 1;
            let paper = number % commits.len();
            let age = SignedDuration::from_hours(i64::from(*age) % 60);
            commits[paper]
                .entries
                .push(item(self.served, *kind, self.now - age));
        }
        works.store.commit_polls(commits).await.unwrap();
    }

    /// Notes new editions, and that the old ones are what they were.
    async fn check_frozen(&mut self) {
        let store = self.store.clone().unwrap();
        for head in store.list_editions(None, 10_000).await.unwrap() {
            let stored = store.edition(head.id).await.unwrap().unwrap();
            let now = (stored.edition, stored.rendered);
            match self.frozen.get(&head.id) {
                Some(before) => assert_eq!(*before, now, "an edition changed after it was frozen"),
                None => {
                    check_counts(&now.0, &now.1);
                    self.frozen.insert(head.id, now);
                }
            }
        }
    }

    async fn check_partition(&self) {
        let store = self.store.as_ref().unwrap();
        for name in DIGESTS {
            let digest = DigestName::from(name);
            let mut seen = BTreeSet::new();
            for edition in self.frozen.values().map(|(edition, _)| edition) {
                for article in articles(edition).filter(|_| edition.digest == digest) {
                    assert!(
                        seen.insert(article),
                        "{article:?} stands in two editions of {name}"
                    );
                }
            }
            let all = store
                .candidates(&digest, Ingest(0), Ingest(i64::MAX), 1)
                .await
                .unwrap();
            let missed: Vec<_> = all
                .iter()
                .filter(|article| name == "ca-nuoc" || article.source.as_str() == "song-hau")
                .map(|article| (article.id, article.seen, &article.title))
                .collect();
            assert!(missed.is_empty(), "in no edition of {name}: {missed:?}");
        }
    }
}

fn articles(edition: &Edition) -> impl Iterator<Item = ArticleId> {
    let stories = edition.stories.iter().flat_map(|story| &story.articles);
    let reprints = edition.reprints.iter().map(|reprint| &reprint.article);
    let listed = stories.chain(&edition.related).chain(reprints);
    listed.map(|article| article.id)
}

/// Three kinds of news: of the Party, of its edges, of the market.
fn item(number: u32, kind: u8, published: Timestamp) -> IdentifiedEntry {
    let place = ["Thạnh Lộc", "Vĩnh Hòa", "Tân Phú", "Mỹ Khánh"][usize::from(kind / 3) % 4];
    let title = match kind % 3 {
        0 => format!("Đảng ủy xã {place} kết nạp {number} đảng viên mới"),
        1 => format!("Bí thư xã {place} thăm {number} hộ dân vùng lũ"),
        _ => format!("Giá lúa ở {place} tăng {number} đồng mỗi ký"),
    };
    let link = format!("https://bao.example/tin-{number}");
    IdentifiedEntry {
        entry_key: link.clone(),
        article_keys: vec![ArticleKey(link.clone())],
        url: Some(link.clone()),
        sapo: Some(format!("{title}, theo tin từ địa phương sáng nay.")),
        section: None,
        url_date: None,
        content: [0; 16],
        entry: Entry {
            link: Some(link),
            title,
            published: Some(published),
            ..Entry::default()
        },
    }
    .hashed()
}

/// Subject, header, sections, text, HTML and JSON tell the same figures.
fn check_counts(edition: &Edition, rendered: &Rendered) {
    let counts = &edition.counts;
    let articles: usize = edition
        .stories
        .iter()
        .map(|story| story.articles.len())
        .sum();
    assert_eq!(articles, counts.articles as usize);
    assert_eq!(edition.stories.len(), counts.stories as usize);
    let mut listed: Vec<usize> = edition
        .sections
        .iter()
        .flat_map(|section| section.stories.clone())
        .collect();
    let leads = edition
        .stories
        .iter()
        .enumerate()
        .filter(|(_, story)| story.lead);
    listed.extend(leads.map(|(at, _)| at));
    listed.sort_unstable();
    assert_eq!(
        listed,
        (0..edition.stories.len()).collect::<Vec<_>>(),
        "each story once"
    );
    let json = edition::to_json(edition);
    assert_eq!(json["counts"]["articles"], counts.articles);
    assert_eq!(
        json["stories"].as_array().unwrap().len(),
        edition.stories.len()
    );
    let header = format!(
        "{} bài báo | {} sự việc | {}/",
        counts.articles, counts.stories, counts.provinces
    );
    assert!(
        rendered.text.contains(&header),
        "{header} in {}",
        rendered.text
    );
    if counts.stories > 0 {
        let subject = format!("{} việc, {} tỉnh", counts.stories, counts.provinces);
        assert!(
            rendered.subject.ends_with(&subject),
            "{subject} in {}",
            rendered.subject
        );
    } else {
        assert!(!rendered.subject.contains(" việc"), "{}", rendered.subject);
    }
    let word = word_text(edition);
    assert!(word.contains(&header), "{header} in the Word file");
    for story in &edition.stories {
        let url = &story.articles[0].url;
        assert!(rendered.text.contains(url), "{}", story.title);
        assert!(word.contains(url), "{} in the Word file", story.title);
    }
}

/// What the Word file says, its markup taken out.
fn word_text(edition: &Edition) -> String {
    let bytes = edition::docx(edition, &Default::default(), &Default::default()).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut document = String::new();
    let mut part = archive.by_name("word/document.xml").unwrap();
    std::io::Read::read_to_string(&mut part, &mut document).unwrap();
    let pieces = document.split('<').filter_map(|tag| tag.split_once('>'));
    pieces.map(|(_, text)| text).collect()
}

fn check(events: Vec<Event>) {
    // Memory, where there is some: a thousand lives commit a lot.
    let shm = Path::new("/dev/shm");
    let root = if shm.is_dir() {
        shm.to_owned()
    } else {
        std::env::temp_dir()
    };
    let dir = tempfile::tempdir_in(root).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut life = Life::new(dir.path());
        let works = life.works();
        works
            .store
            .sync_sources(&works.setup().config.sources, life.now)
            .await
            .unwrap();
        life.round(&works).await;
        drop(works);
        for event in events {
            life.live(event).await;
            life.check_frozen().await;
        }
        // A clock that was set back has to catch up before the next edition is due.
        for _ in 0..2 {
            life.now += SignedDuration::from_hours(5 * 24);
            let works = life.works();
            life.round(&works).await;
        }
        life.check_frozen().await;
        life.check_partition().await;
        let store = life.store.take().unwrap();
        assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    });
}

/// A thousand take their minutes: every run has sixty, `HISTORIES=1000` all.
fn cases() -> u32 {
    let asked = std::env::var("HISTORIES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_relevant_article_stands_in_exactly_one_edition(events in prop::collection::vec(event(), 4..16)) {
        check(events);
    }
}

#[test]
fn the_histories_do_make_news() {
    let setup = &SETUPS[0];
    let levels: Vec<u8> = (0..3)
        .map(|kind| {
            let dir = tempfile::tempdir().unwrap();
            let mut life = Life::new(dir.path());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let works = life.works();
                works
                    .store
                    .sync_sources(&setup.config.sources, life.now)
                    .await
                    .unwrap();
                life.fetch(&works, &[(kind, 1)]).await;
                desk::analyse_pending(&works, || ()).await.unwrap();
                let found = works
                    .store
                    .find_article(ArticleId(1))
                    .await
                    .unwrap()
                    .unwrap();
                found.verdict.unwrap().level
            })
        })
        .collect();
    assert_eq!(levels, [2, 1, 0]);
}
