#!/usr/bin/env python3
"""The reading room under load, beside a daemon that polls: benches/web.py [FOLDER]

Makes a store of 1,000,000 articles and 1,000 editions (WEB_ARTICLES, WEB_EDITIONS) in FOLDER unless one is there, starts the
daemon over a world of 2,400 feeds that are due one after the other, a third of them with news, and asks for every kind of page at 50 requests a second (WEB_RATE), each
at its own moment whether the one before is answered or not. Printed: milliseconds by kind of page, from the moment the
request was due to the last byte; and what the polling did in the same run without that load and with it. Ends with
'N passed, N failed': p99 under 50 ms for every kind of page, no poll lost to the load.

DIEMBAO_BIN and BENCH_TARGET as in benches/run.sh (feedworld is built there). WEB_NICE: niceness of daemon, world and client,
where other work runs on the machine."""
import asyncio
import collections
import contextlib
import datetime
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = os.environ.get("DIEMBAO_BIN", str(ROOT / "target/release/diembao"))
TARGET = pathlib.Path(os.environ.get("BENCH_TARGET", pathlib.Path(tempfile.gettempdir()) / "diembao-bench"))
ARTICLES = int(os.environ.get("WEB_ARTICLES", "1000000"))
EDITIONS = int(os.environ.get("WEB_EDITIONS", "1000"))
RATE = int(os.environ.get("WEB_RATE", "50"))
SECONDS = int(os.environ.get("WEB_SECONDS", "60"))
NICE = int(os.environ.get("WEB_NICE", "0"))
PORT, WORLD = int(os.environ.get("WEB_PORT", "28288")), int(os.environ.get("WEB_WORLD_PORT", "28211"))
FEEDS, WARM = 2400, 20
BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
PLACES = list(tomllib.loads((ROOT / "config/provinces.toml").read_text(encoding="utf-8"))["province"])
TOPICS = [topic["key"] for topic in tomllib.loads((ROOT / "config/topics.toml").read_text(encoding="utf-8"))["topic"]]


def plain(home):
    """The first lines of a config for every purpose here."""
    return f'[daemon]\ndata_dir = "{home}/data"\n[article]\npages = false\n'


def office(home, urls):
    """A config that polls these feeds and shows its pages."""
    # No edition falls due meanwhile: it would be made of all that was written here.
    day = ["T2", "T3", "T4", "T5", "T6", "T7", "CN"][(datetime.date.today().weekday() + 2) % 7]
    (home / "diembao.toml").write_text(
        plain(home) + f'[fetch]\ncontact = "quan-tri@tinh.example"\nmin_interval = "15m"\n'
        f'audit = "off"\ngap = "0s"\nallow_private = ["127.0.0.0/8"]\n[[digest]]\nname = "hang-ngay"\nat = "06:30"\ndays = "{day}"\n'
        f'[web]\nlisten = "127.0.0.1:{PORT}"\n', encoding="utf-8")
    hosts = collections.defaultdict(list)
    for url in urls:
        hosts[urllib.parse.urlsplit(url).hostname].append(url)
    out = []
    for nth, (host, feeds) in enumerate(hosts.items()):
        place = PLACES[nth % len(PLACES)]["key"]
        out.append(f'[[source]]\nkey = "s{nth}"\nname = "Báo {host}"\nprovince = "{place}"\ndomain = "{host}"\n')
        out += [f'[[source.feed]]\nkey = "f{at}"\nurl = "{url}"\nverified = true\n' for at, url in enumerate(feeds)]
    (home / "feeds.toml").write_text("\n".join(out), encoding="utf-8")


def words():
    """Syllables of newspapers with how often they are written: out of the program's own table."""
    counts = collections.Counter()
    for line in (ROOT / "src/analyse/story/frequencies.tsv").read_text(encoding="utf-8").splitlines():
        word, _, count = line.partition("\t")
        if count.split("\t")[0].isdigit():
            for syllable in re.split("[_ ]", word):
                if syllable.isalpha():
                    counts[syllable] += int(count.split("\t")[0])
    sums, total = [], 0
    for count in counts.values():
        total += count
        sums.append(total)
    return list(counts), sums


def fill(home, demo):
    """Articles, then editions made of the demo's, into the store of a first fetch."""
    db = sqlite3.connect(home / "data/diembao.db")
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
    dice, (names, sums) = random.Random(7), words()
    version = demo.execute("SELECT max(analysed_with) FROM articles").fetchone()[0]
    sources = [row[0] for row in db.execute("SELECT id FROM sources")]
    feeds = {row[1]: row[0] for row in db.execute("SELECT min(id), source_id FROM feeds GROUP BY source_id")}
    judged = demo.execute("SELECT title, sapo, verdict, level FROM articles WHERE level > 0").fetchall()
    # The world's own articles keep the highest numbers: they came last.
    first = 10_000_000
    step = (time.time() - BEGIN.timestamp()) / ARTICLES

    def text(length):
        return " ".join(dice.choices(names, cum_weights=sums, k=length))

    def rows():
        for nth in range(ARTICLES):
            at = int((BEGIN.timestamp() + nth * step) * 1000)
            title, sapo, verdict, level = text(11).capitalize(), text(30).capitalize(), None, 0
            if nth % 12 == 0:
                of, lead, verdict, level = dice.choice(judged)
                title, sapo = f"{of} {text(3)}", f"{lead} {text(8)}"
            source = sources[nth % len(sources)]
            yield (first + nth, source, nth - ARTICLES, at, at, version, level, f"https://bao.example/{nth}.html", title, sapo, verdict)

    db.executemany("INSERT INTO articles (id, source_id, ingest, seen, published, backfill, analysed_with, level, page_state, url, title, "
                   "sapo, verdict) VALUES (?, ?, ?, ?, ?, 0, ?, ?, 'unwanted', ?, ?, ?, ?)", rows())
    by_source = "CASE source_id " + " ".join(f"WHEN {source} THEN {feed}" for source, feed in feeds.items()) + " END"
    db.executescript(f"""
        INSERT INTO entries (feed_id, entry_key, article_id, first_seen, content_hash, link, published, title, terms)
            SELECT {by_source}, randomblob(16), id, seen, randomblob(16), url, published, title, '[[],[],[]]' FROM articles WHERE id >= {first};
        INSERT INTO article_keys (key, article_id, entry_id) SELECT randomblob(16) AS k, id, id FROM articles WHERE id >= {first} ORDER BY k;
        INSERT INTO unindexed SELECT id FROM articles WHERE id >= {first} ON CONFLICT DO NOTHING;""")
    editions(db, demo, dice, first)
    db.commit()
    db.close()


def editions(db, demo, dice, first):
    """EDITIONS of them, the newest of yesterday: the demo's two by turns, under other numbers, days and articles."""
    kept = demo.execute("SELECT subject, frozen, html, text FROM editions ORDER BY number").fetchall()
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    for nth in range(EDITIONS):
        subject, frozen, html, text = kept[nth % len(kept)]
        date = yesterday - datetime.timedelta(days=EDITIONS - 1 - nth)
        edition = json.loads(frozen)
        edition |= {"number": nth + 1, "date": str(date), "slot": f"{date}T06:30", "composed_at": f"{date}T06:30:00+07:00"}
        listed = [a for story in edition["stories"] for a in story["articles"]] + edition["related"]
        ids = []
        for article in listed:
            article["id"] = first + dice.randrange(0, ARTICLES, 12)
            ids.append(article["id"])
        edition["window"] |= {"after": nth - EDITIONS - 1, "upto": nth - EDITIONS}
        at = int(datetime.datetime.fromisoformat(edition["composed_at"]).timestamp() * 1000)
        row = db.execute("INSERT INTO editions (digest, slot, number, date, after_ingest, upto_ingest, composed_at, subject, frozen, html, text) "
                         "VALUES ('hang-ngay', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         (edition["slot"], nth + 1, str(date), nth - EDITIONS - 1, nth - EDITIONS, at, subject,
                          json.dumps(edition, ensure_ascii=False), html, text)).lastrowid
        db.executemany("INSERT OR IGNORE INTO edition_articles VALUES ('hang-ngay', ?, ?)", [(one, row) for one in ids])
        for at, story in enumerate(edition["stories"]):
            db.execute("INSERT INTO edition_stories VALUES (?, ?, ?, ?, ?)", (row, at, story["lead"], len(story["articles"]), story["title"]))
            keys = [("topic", key) for key in story["topics"]] + [("province", key) for key in story["provinces"]]
            keys += [("source", article["source"]) for article in story["articles"]]
            db.executemany("INSERT OR IGNORE INTO edition_story_keys VALUES (?, ?, ?, ?)", [(*key, row, at) for key in keys])


def nice():
    if NICE:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)


class World:
    """feedworld; a third of its feeds has something new for whoever asks a second time."""

    def __init__(self):
        binary = TARGET / "release/feedworld"
        if not binary.exists():
            kit = pathlib.Path(os.environ.get("BENCH_SHARED", ROOT.parent / "shared")) / "feedworld/Cargo.toml"
            subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", kit], check=True,
                           env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)})
        self.child = subprocess.Popen([str(a) for a in [binary, "serve", "--feeds", FEEDS, "--port", WORLD, "--prebuild", "--epoch", "now"]],
                                      stderr=subprocess.PIPE, text=True, preexec_fn=nice)
        for line in self.child.stderr:
            if "ready on" in line:
                break

    def ctl(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{WORLD}/_ctl/{path}", timeout=60) as answer:
            return answer.read().decode()

    def end(self):
        self.child.terminate()
        self.child.wait()


def diembao(home, *args):
    subprocess.run([BIN, "--quiet", "--config", home / "diembao.toml", *args], check=True, stdout=subprocess.DEVNULL)


def make(home, world):
    """The store, unless it is there."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    office(home, world.ctl("urls").split())
    shutil.rmtree(home / "demo-out", ignore_errors=True)
    subprocess.run([BIN, "--quiet", "demo"], cwd=home, check=True, stdout=subprocess.DEVNULL)
    demo = sqlite3.connect(home / "demo-out/data/diembao.db")
    if (home / "filled").exists():
        return judged(home, demo)
    began = time.monotonic()
    diembao(home, "fetch")
    fill(home, demo)
    print(f"written in {time.monotonic() - began:.0f} s", flush=True)
    diembao(home, "search", "chi bộ")
    (home / "filled").touch()
    print(f"indexed in {time.monotonic() - began:.0f} s, {(home / 'data/diembao.db').stat().st_size >> 20} MB", flush=True)


def judged(home, demo):
    """A store of an older program as this one's: it would judge a million articles anew while it is measured."""
    with contextlib.closing(sqlite3.connect(home / "data/diembao.db")) as db, db:
        db.execute("UPDATE articles SET analysed_with = ? WHERE analysed_with <> ?",
                   demo.execute("SELECT max(analysed_with), max(analysed_with) FROM articles").fetchone())


def appoint(home):
    """Every feed once, one after the other, over the whole time that is measured."""
    db = sqlite3.connect(home / "data/diembao.db")
    begin, span = time.time() * 1000, (WARM + 2 * SECONDS + 10) * 1000
    ids = [row[0] for row in db.execute("SELECT id FROM feeds WHERE enabled = 1")]
    random.Random(5).shuffle(ids)
    db.executemany("UPDATE feeds SET next_poll_at = ?, not_before = NULL, lease_until = NULL WHERE id = ?",
                   [(int(begin + span * nth / len(ids)), feed) for nth, feed in enumerate(ids)])
    db.commit()
    db.close()


def pages(home):
    """Every kind of page, with a way to make up an address of it."""
    db = sqlite3.connect(f"file:{home}/data/diembao.db?mode=ro", uri=True)
    dice, (names, sums) = random.Random(11), words()
    some = [row[0] for row in db.execute("SELECT id FROM articles WHERE id % 997 = 0")]
    printed = [row[0] for row in db.execute("SELECT article_id FROM edition_articles LIMIT 3000")]
    months = [row[0] for row in db.execute("SELECT DISTINCT substr(date, 1, 7) FROM editions")]
    sources = [row[0] for row in db.execute("SELECT key FROM sources")]
    number = lambda: dice.randint(1, EDITIONS)
    pair = lambda: urllib.parse.quote_plus(" ".join(dice.choices(names, cum_weights=sums, k=2)))
    place = lambda: dice.choice(PLACES)["key"]
    topic, month = (lambda: dice.choice(TOPICS)), (lambda: dice.choice(months))
    return {
        "newest edition": lambda: "/", "all editions": lambda: "/ban-tin", "a month": lambda: f"/thang/{month()}",
        "an edition": lambda: f"/ban-tin/hang-ngay/{number()}", "its JSON": lambda: f"/ban-tin/hang-ngay/{number()}.json",
        "a story": lambda: f"/ban-tin/hang-ngay/{number()}/viec/{dice.randint(1, 10)}",
        "an article": lambda: f"/bai/{dice.choice(some)}", "a printed article": lambda: f"/bai/{dice.choice(printed)}",
        "search, empty": lambda: "/tim", "search, two words": lambda: f"/tim?q={pair()}",
        "search, common": lambda: "/tim?q=x%C3%A2y+d%E1%BB%B1ng+%C4%90%E1%BA%A3ng", "search, newest": lambda: f"/tim?q={pair()}&sap=moi",
        "search, page 40": lambda: "/tim?q=chi+bo&trang=40", "search, province": lambda: f"/tim?q={pair()}&tinh={place()}",
        "search, topic and days": lambda: f"/tim?chu-de={topic()}&tu=2026-03-01&den=2026-03-09",
        "search, paper alone": lambda: f"/tim?bao={dice.choice(sources)}", "search, nothing": lambda: "/tim?q=khongcogidau",
        "topics": lambda: "/chu-de", "a topic": lambda: f"/chu-de/{topic()}", "a topic, page 20": lambda: f"/chu-de/{topic()}?trang=20",
        "provinces": lambda: "/tinh", "a province": lambda: f"/tinh/{place()}", "sources": lambda: "/nguon",
        "month report": lambda: f"/bao-cao/{month()}", "feed of editions": lambda: "/feed/ban-tin.atom",
        "feed of a topic": lambda: f"/feed/chu-de/{topic()}.atom", "feed of a search": lambda: f"/feed/tim.atom?q={pair()}",
        "health": lambda: "/healthz", "metrics": lambda: "/metrics",
    }


async def ask(path):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read(-1)
    finally:
        writer.close()
    return int(answer.split(b" ", 2)[1]), len(answer)


async def load(kinds, seconds, took, wrong):
    """RATE requests a second, each at its moment: all kinds equally often, in an order that changes."""
    loop, running = asyncio.get_running_loop(), set()
    begin, names, dice = loop.time() + 0.1, list(kinds), random.Random(13)

    async def one(name, path, due):
        try:
            status, _ = await ask(path)
        except (OSError, IndexError, ValueError) as error:
            status = repr(error)
        took[name].append((loop.time() - due) * 1000)
        if status not in (200, 404):
            wrong.append(f"{path}: {status}")

    for nth in range(RATE * seconds):
        due = begin + nth / RATE
        await asyncio.sleep(max(0, due - loop.time()))
        if nth % len(names) == 0:
            dice.shuffle(names)
        name = names[nth % len(names)]
        task = asyncio.create_task(one(name, kinds[name](), due))
        running.add(task)
        task.add_done_callback(running.discard)
    while running:
        await asyncio.sleep(0.01)


class Polling:
    """What the daemon's polling does in a span of time: polls, CPU, entries, and how late feeds are asked."""

    def __init__(self, home, world, pid):
        self.db = sqlite3.connect(f"file:{home}/data/diembao.db?mode=ro", uri=True)
        self.world, self.pid, self.late = world, pid, []
        self.polls, self.cpu, self.at = self._polls(), self._cpu(), time.monotonic()

    def _polls(self):
        return json.loads(self.world.ctl("stats"))["requests"]

    def _cpu(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self):
        """How long the feed that has waited longest has been due, in ms."""
        due = self.db.execute("SELECT min(max(next_poll_at, coalesce(lease_until, 0), coalesce(not_before, 0))) FROM feeds "
                              "WHERE enabled = 1 AND retired_at IS NULL").fetchone()[0]
        self.late.append(max(0, time.time() * 1000 - due))

    async def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            await asyncio.sleep(0.2)

    def sum(self):
        span, late = time.monotonic() - self.at, sorted(self.late)
        return {"polls": (self._polls() - self.polls) / span, "cpu": (self._cpu() - self.cpu) / span * 100,
                "late": late[len(late) // 2], "late99": late[int((len(late) - 1) * 0.99)]}


async def measure(home, world, pid, kinds):
    alone = Polling(home, world, pid)
    await alone.watch(SECONDS)
    alone = alone.sum()
    both, took, wrong = Polling(home, world, pid), collections.defaultdict(list), []
    await asyncio.gather(both.watch(SECONDS), load(kinds, SECONDS, took, wrong))
    return alone, both.sum(), took, wrong


def report(alone, both, took, wrong):
    passed = failed = 0
    print(f"{'page':26} {'n':>5} {'p50':>7} {'p90':>7} {'p99':>7} {'max':>7}  ms")
    kinds = lambda begin: [one for name, times in took.items() if name.startswith(begin) for one in times]
    for name, times in [*sorted(took.items()), ("the search, all kinds", kinds("search, ")), ("all", kinds(""))]:
        times.sort()
        at = lambda share: times[int((len(times) - 1) * share)]
        sound = at(0.99) < 50
        passed, failed = passed + sound, failed + (not sound)
        print(f"{name:26} {len(times):5} {at(.5):7.1f} {at(.9):7.1f} {at(.99):7.1f} {times[-1]:7.1f}{'' if sound else '  OVER 50'}")
    print(f"{'polling':26} {'polls/s':>8} {'CPU %':>7} {'late p50':>9} {'late p99':>9}  ms")
    for name, row in (("without load", alone), (f"with {RATE} requests a second", both)):
        print(f"{name:26} {row['polls']:8.2f} {row['cpu']:7.1f} {row['late']:9.0f} {row['late99']:9.0f}")
    for what, sound in (("every answer is a page", not wrong), ("polls as many as without load", both["polls"] > alone["polls"] * 0.97),
                        ("feeds are asked no later", both["late99"] < alone["late99"] + 250)):
        passed, failed = passed + sound, failed + (not sound)
        print(f"{'ok  ' if sound else 'FAIL'} {what}{'' if sound else ': ' + str(wrong[:3])}")
    print(f"{passed} passed, {failed} failed")
    return failed


def main():
    keep = len(sys.argv) > 1
    with tempfile.TemporaryDirectory(prefix="diembao-web-") as temp:
        home = pathlib.Path(sys.argv[1] if keep else temp).resolve()
        home.mkdir(parents=True, exist_ok=True)
        world = World()
        daemon = None
        try:
            make(home, world)
            diembao(home, "fetch")
            world.ctl("tick?add=1&change=0.3&prebuild=1")
            appoint(home)
            nice()
            log = open(home / "log", "w")
            daemon = subprocess.Popen([BIN, "--config", home / "diembao.toml", "run"], stdout=log, stderr=log)
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1).read()
                    break
                except OSError:
                    time.sleep(0.2)
            # What every start has to do belongs to neither side.
            time.sleep(WARM)
            return 1 if report(*asyncio.run(measure(home, world, daemon.pid, pages(home)))) else 0
        finally:
            if daemon:
                daemon.send_signal(signal.SIGTERM)
                daemon.wait()
            world.end()


sys.exit(main())
