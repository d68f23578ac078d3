//! The file itself: whose it is, whether it is opened at all.

use super::*;
use rusqlite::Connection;

#[test]
fn the_second_owner_is_refused_with_the_first_ones_pid() {
    let world = World::with(&[("a", "moi")]);
    let error = Store::open(world.dir.path(), fold).err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains(&format!("process {}", std::process::id())),
        "{text}"
    );
    let beside = Store::open_beside(world.dir.path(), fold).unwrap();
    assert!(!beside.is_owner() && world.store.is_owner());
    assert_eq!(wait(beside.counts()).unwrap().feeds, 1);
    assert_eq!(wait(beside.make_due(None, noon())).unwrap(), 1);
    drop(beside);
    let World { dir, store } = world;
    drop(store);
    let store = Store::open(dir.path(), fold).unwrap();
    World { dir, store }.sound();
}

#[test]
fn a_closed_store_leaves_one_file_that_only_the_owner_reads() {
    let world = World::with(&[("a", "moi")]);
    world.poll("a/moi", noon(), vec![item("x", "Một tin")]);
    let World { dir, store } = world;
    let file = store.path().to_owned();
    drop(store);
    assert!(!dir.path().join("diembao.db-wal").exists());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    let deep = dir.path().join("a/b");
    drop(Store::open(&deep, fold).unwrap());
    assert_eq!(mode(&deep), 0o700);
}

#[test]
fn foreign_files_and_newer_ones_are_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE_NAME);
    let refuses = |part: &str| {
        let before = fs::read(&file).unwrap();
        let error = Store::open(dir.path(), fold).err().unwrap().to_string();
        assert!(error.contains(part), "{error}");
        assert!(Store::open_beside(dir.path(), fold).is_err());
        assert_eq!(fs::read(&file).unwrap(), before);
    };
    fs::write(
        &file,
        "một tệp văn bản, không phải cơ sở dữ liệu\n".repeat(40),
    )
    .unwrap();
    refuses("not an SQLite file");

    fs::remove_file(&file).unwrap();
    let other = Connection::open(&file).unwrap();
    other
        .execute_batch("CREATE TABLE sach (id INTEGER)")
        .unwrap();
    drop(other);
    refuses("another program");

    fs::remove_file(&file).unwrap();
    drop(Store::open(dir.path(), fold).unwrap());
    let newer = Connection::open(&file).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(newer);
    let known = format!(
        "data version 99, this program knows up to {}",
        open::latest_version()
    );
    refuses(&known);
}

#[test]
fn a_command_beside_nothing_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let error = Store::open_beside(dir.path(), fold)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("there are no data"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_damaged_file_is_found_and_kept() {
    let world = World::with(&[("a", "moi")]);
    let many = (0..200)
        .map(|n| item(&format!("bai-{n}"), &format!("Tin số {n}")))
        .collect();
    world.poll("a/moi", noon(), many);
    let World { dir, store } = world;
    let file = store.path().to_owned();
    drop(store);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0x5a);
    fs::write(&file, &bytes).unwrap();
    let error = Store::open(dir.path(), fold).err().unwrap().to_string();
    assert!(
        error.contains("is damaged") && error.contains("restore"),
        "{error}"
    );
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn a_full_disk_is_an_error_and_the_work_goes_on() {
    let world = World::with(&[("a", "moi")]);
    wait(world.store.call("limiting", |conn| {
        conn.execute_batch("PRAGMA max_page_count = 80")
    }))
    .unwrap();
    let many = |n: usize| {
        (0..n)
            .map(|n| item(&format!("bai-{n}"), &"Tin dài ".repeat(200)))
            .collect()
    };
    let big = world.commit("a/moi", noon(), many(500));
    let error = wait(world.store.commit_polls(vec![big.clone()])).unwrap_err();
    assert!(
        error.is_passing() && error.to_string().contains("disk is full"),
        "{error}"
    );
    assert_eq!(wait(world.store.counts()).unwrap().entries, 0);
    wait(world.store.call("freeing", |conn| {
        conn.execute_batch("PRAGMA max_page_count = 1000000")
    }))
    .unwrap();
    let report = wait(world.store.commit_polls(vec![big])).unwrap().remove(0);
    assert_eq!(report.new_entries, 500);
    world.sound();
}

#[test]
fn a_strangers_lock_is_outwaited() {
    let world = World::with(&[("a", "moi")]);
    let stranger = Connection::open(world.store.path()).unwrap();
    stranger.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let holder = std::thread::spawn(move || {
        std::thread::sleep(open::BUSY + std::time::Duration::from_millis(600));
        stranger.execute_batch("COMMIT").unwrap();
    });
    let report = world.poll("a/moi", noon(), vec![item("x", "Một tin")]);
    assert_eq!(report.new_entries, 1);
    holder.join().unwrap();
    world.sound();
}

#[test]
fn a_panic_undoes_its_step_and_stops_nobody() {
    let world = World::with(&[("a", "moi")]);
    let broken = wait(world.store.write("breaking", |tx| -> rusqlite::Result<()> {
        tx.execute("DELETE FROM feeds", [])?;
        panic!("an index out of bounds")
    }));
    assert!(matches!(broken, Err(StoreError::Bug { .. })));
    assert_eq!(wait(world.store.counts()).unwrap().feeds, 1);
    world.sound();
}

#[test]
fn a_backup_is_a_whole_store_and_overwrites_nothing() {
    let world = World::with(&[("a", "moi")]);
    world.poll("a/moi", noon(), vec![item("x", "Một tin")]);
    let copy = tempfile::tempdir().unwrap();
    let to = copy.path().join(FILE_NAME);
    wait(world.store.backup(&to)).unwrap();
    assert!(wait(world.store.backup(&to)).is_err());
    let store = Store::open(copy.path(), fold).unwrap();
    assert_eq!(
        wait(store.counts()).unwrap(),
        wait(world.store.counts()).unwrap()
    );
    World { dir: copy, store }.sound();
    world.sound();
}

#[test]
fn every_loop_query_stands_on_an_index() {
    let world = World::with(&[("a", "moi")]);
    let plans = wait(world.store.read("explaining", |conn| {
        let candidates = editions::candidates_sql();
        let published = editions::published_sql();
        let queries = [
            feeds::DUE,
            feeds::NEXT_DUE,
            feeds::FAILING,
            articles::UNANALYSED,
            articles::OUTDATED,
            articles::OUTDATED_ABOVE,
            articles::PAGES_DUE,
            outbox::DUE,
            near::HOLDERS,
            near::OLDEST,
            near::SAMPLE,
            &candidates,
            &published,
        ];
        let plan = |query: &str| -> rusqlite::Result<String> {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {query}"))?;
            let mut rows = statement.raw_query();
            let mut lines: Vec<String> = Vec::new();
            while let Some(row) = rows.next()? {
                lines.push(row.get(3)?);
            }
            Ok(lines.join("\n"))
        };
        queries.into_iter().map(plan).collect::<Result<Vec<_>, _>>()
    }))
    .unwrap();
    for plan in plans {
        for line in plan.lines() {
            // The few hundred sources may be walked; nothing that grows may.
            assert!(
                !line.starts_with("SCAN") || line.starts_with("SCAN s "),
                "{plan}"
            );
        }
        assert!(
            plan.contains("USING INDEX")
                || plan.contains("USING COVERING INDEX")
                || plan.contains("USING PRIMARY KEY"),
            "{plan}"
        );
    }
    world.sound();
}

#[test]
fn fault_4_a_file_that_cannot_be_written_is_said_and_outlived() {
    let world = World::with(&[("a", "moi")]);
    let set = |on: bool| {
        let pragma = format!("PRAGMA query_only = {on}");
        wait(
            world
                .store
                .call("switching", move |conn| conn.execute_batch(&pragma)),
        )
        .unwrap();
    };
    let commit = world.commit("a/moi", noon(), vec![item("x", "Hội nghị")]);
    set(true);
    let error = wait(world.store.commit_polls(vec![commit.clone()])).unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert!(error.to_string().contains("check the mount"), "{error}");
    set(false);
    let report = wait(world.store.commit_polls(vec![commit]))
        .unwrap()
        .remove(0);
    assert_eq!(report.new_entries, 1);
    world.sound();
}

#[test]
fn fault_5_every_kind_of_damage_is_found_and_the_file_kept() {
    type Spoil = fn(&mut Vec<u8>);
    let kinds: [(&str, Spoil); 3] = [
        ("header", |bytes| bytes[..64].fill(0x5a)),
        ("truncated", |bytes| bytes.truncate(bytes.len() / 3)),
        ("pages", |bytes| {
            let quarter = bytes.len() / 4 / 4096 * 4096;
            bytes[quarter..quarter * 3].fill(0x5a);
        }),
    ];
    for (kind, spoil) in kinds {
        let world = World::with(&[("a", "moi")]);
        let many = (0..200)
            .map(|n| item(&format!("bai-{n}"), &format!("Tin số {n}")))
            .collect();
        world.poll("a/moi", noon(), many);
        let World { dir, store } = world;
        let file = store.path().to_owned();
        drop(store);
        let mut bytes = fs::read(&file).unwrap();
        spoil(&mut bytes);
        fs::write(&file, &bytes).unwrap();
        let error = Store::open(dir.path(), fold).err().unwrap().to_string();
        let says = error.contains("damaged") || error.contains("not a diembao database");
        assert!(says, "{kind}: {error}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "{kind}");
    }
}

#[test]
fn fault_9_an_older_file_is_copied_before_it_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE_NAME);
    let old = Connection::open(&file).unwrap();
    old.execute_batch(include_str!("../migrations/0001_first.sql"))
        .unwrap();
    old.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO sources (id, key, name, domain, rank, added_at) VALUES (1, 'a', 'Báo A', 'a.vn', 1, 0);
         INSERT INTO feeds (id, key, source_id, url, kind, listed, enabled, verified, added_at)
            VALUES (1, 'a/moi', 1, 'https://a.vn/rss', 'feed', 1, 1, 1, 0);
         INSERT INTO articles (id, source_id, ingest, seen, backfill, url, title)
            VALUES (1, 1, 1, 0, 0, 'https://a.vn/1', 'Đảng bộ tỉnh họp');
         INSERT INTO entries (id, feed_id, entry_key, article_id, first_seen, last_seen, content_hash, title, terms)
            VALUES (1, 1, zeroblob(16), 1, 0, 0, zeroblob(16), 'Đảng bộ tỉnh họp', '{}');
         INSERT INTO article_keys (key, article_id, entry_id) VALUES (zeroblob(16), 1, 1);",
    )
    .unwrap();
    drop(old);
    let store = Store::open(dir.path(), fold).unwrap();
    let found = wait(store.search("đảng bộ", &SearchFilter::default(), Page::first(9))).unwrap();
    assert_eq!(
        (found.hits.len(), found.hits[0].exact),
        (1, true),
        "the index was filled anew"
    );
    assert_eq!(wait(store.verify()).unwrap(), Vec::<String>::new());
    let copies: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".before-v"))
        .collect();
    let [copy] = copies.as_slice() else {
        panic!("one copy, not {copies:?}");
    };
    let copy = Connection::open(dir.path().join(copy)).unwrap();
    let version: i64 = copy
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
}

/// A process that is being started holds copies of its parent's files until its program runs: a lock that lived on in
/// them would keep the next owner out.
#[test]
fn a_closed_store_can_be_opened_while_other_processes_are_started() {
    let dir = tempfile::tempdir().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = std::process::Command::new("true").status();
                }
            });
        }
        let opened: Result<Vec<()>, _> = (0..300)
            .map(|_| crate::store::open::lock(dir.path()).map(drop))
            .collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        opened.unwrap();
    });
}

#[test]
fn a_broken_promise_is_found_by_name() {
    for (damage, what) in [
        (
            "DELETE FROM articles WHERE id = 1",
            "an entry is of a feed or an article that is not there",
        ),
        (
            "DELETE FROM feeds",
            "an entry is of a feed or an article that is not there",
        ),
        (
            "UPDATE article_keys SET article_id = 77",
            "a key leads to an article that is not there",
        ),
        ("DELETE FROM article_keys", "an article has no key"),
        ("DELETE FROM entries", "an article has no entry"),
        (
            "DELETE FROM articles_marks",
            "an article is missing from the index of words",
        ),
    ] {
        let world = World::with(&[("a", "moi")]);
        world.poll("a/moi", noon(), vec![item("bai", "Chi bộ họp")]);
        wait(world.store.index_pending(10)).unwrap();
        assert_eq!(wait(world.store.verify()).unwrap(), [""; 0]);
        let conn = rusqlite::Connection::open(world.store.path()).unwrap();
        conn.execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage};"))
            .unwrap();
        let found = wait(world.store.verify()).unwrap();
        assert!(
            found.iter().any(|one| one.contains(what)),
            "{damage}: {found:?}"
        );
    }
}
