"""The measured parties: the world of feeds, our program and its peers; and what a process cost.

Every figure is of one child process (with its own children), taken by the kernel when it ends: nothing else that runs on
the machine is in it."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
KIT = ROOT / "tests" / "kits" / "poller"
BIN = os.environ["DIEMBAO_BIN"]
TARGET = pathlib.Path(os.environ["BENCH_TARGET"])
SHARED = pathlib.Path(os.environ["BENCH_SHARED"])
PORT = int(os.environ.get("BENCH_PORT", "18211"))


class Refused(Exception):
    """A run that did not do its whole work: its figure means nothing."""


class Cost:
    """CPU seconds (user and system), wall seconds and peak memory in MB of a process and its children."""

    def __init__(self, usage, wall, out=""):
        self.cpu, self.wall, self.peak, self.out = usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, out

    def __str__(self):
        return f"{self.cpu:.2f} s CPU, {self.wall:.1f} s, {self.peak:.0f} MB"


def measured(args, env=None, cwd=None, may_fail=False):
    """Runs a command to its end. A wrapper keeps children apart: their peak is not our own."""
    began = time.monotonic()
    child = subprocess.Popen([str(a) for a in args], env={**os.environ, **(env or {})}, cwd=cwd,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = child.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode and not may_fail:
        raise Refused(f"{args[0]} ended with {child.returncode}: {out[-500:]}")
    return Cost(usage, time.monotonic() - began, out)


class World:
    """feedworld, serving; `with World(feeds=1000) as world:`"""

    def __init__(self, **options):
        self.feeds = options.setdefault("feeds", 1000)
        self.options = options

    def __enter__(self):
        args = [TARGET / "release" / "feedworld", "serve", "--port", str(PORT), "--prebuild"]
        for name, value in self.options.items():
            args += ["--" + name.replace("_", "-"), str(value)]
        self.child = subprocess.Popen([str(a) for a in args], stderr=subprocess.PIPE, text=True)
        for line in self.child.stderr:
            if "ready on" in line:
                break
        self.urls = self.ctl("urls").split()
        if len(self.urls) != self.feeds:
            raise Refused(f"the world has {len(self.urls)} feeds instead of {self.feeds}")
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()

    def ctl(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_ctl/{path}", timeout=300) as answer:
            return answer.read().decode()

    def stats(self):
        return json.loads(self.ctl("stats"))

    def reset(self):
        self.ctl("reset")

    def served(self, status, feeds=None):
        """Refuses a run in which not every feed was answered with `status`; gives the counters."""
        stats, wanted = self.stats(), self.feeds if feeds is None else feeds
        got = stats["by_status"].get(str(status), 0)
        if stats["distinct_feeds"] < self.feeds or got < wanted:
            raise Refused(f"{stats['distinct_feeds']} of {self.feeds} feeds asked, {got} of {wanted} answered {status}")
        return stats


class Diembao:
    """Our program with a state of its own; `extra` is put into its config."""

    name = "diembao"

    def __init__(self, home, world, fetch="", timeout="60s"):
        self.state = pathlib.Path(home) / "diembao"
        urls = pathlib.Path(home) / "urls"
        urls.write_text("\n".join(world.urls) + "\n")
        subprocess.run([KIT, "init", self.state, urls], check=True)
        self.config = self.state / "diembao.toml"
        text = self.config.read_text()
        # A busy machine must not look like slow servers, save where these are the question.
        text = text.replace('request_timeout = "5s"', f'request_timeout = "{timeout}"')
        if fetch:
            text = text.replace('min_interval = "0s"\n', fetch)
        self.config.write_text(text)

    def fetch(self):
        return measured([BIN, "--config", self.config, "--quiet", "fetch"])

    def counts(self):
        return json.loads(subprocess.run([BIN, "--config", self.config, "dump", "counts"], check=True,
                                         stdout=subprocess.PIPE).stdout)

    def kept(self, items):
        """Refuses a run that did not keep `items` entries."""
        counts = self.counts()
        if counts["entries"] < items:
            raise Refused(f"{counts['entries']} of {items} entries kept")
        return counts


class Newsboat:
    name = "newsboat"

    def __init__(self, home, world):
        self.home = pathlib.Path(home) / "newsboat"
        self.home.mkdir()
        (self.home / "urls").write_text("\n".join(world.urls) + "\n")
        (self.home / "config").write_text("reload-threads 16\nmax-items 0\ndownload-timeout 30\n")

    @staticmethod
    def there():
        return shutil.which("newsboat") is not None

    def fetch(self):
        return measured(["newsboat", "-C", self.home / "config", "-u", self.home / "urls", "-c", self.home / "cache.db",
                         "-x", "reload"], env={"HOME": str(self.home)})


class Sfeed:
    name = "sfeed"

    def __init__(self, home, world):
        self.home = pathlib.Path(home) / "sfeed"
        (self.home / "feeds").mkdir(parents=True)
        lines = [f"feed 'f{at}' '{url}'" for at, url in enumerate(world.urls)]
        # Its manual's own way to ask conditionally (README, "conditional request").
        fetch = ('fetch() {\n\tetag="${sfeedpath}/$1.etag"\n\tcurl -s -f -m 30 --compressed --etag-save "$etag.new" '
                 '--etag-compare "$etag" "$2" && mv "$etag.new" "$etag" 2>/dev/null\n\treturn 0\n}\n')
        (self.home / "sfeedrc").write_text(f"sfeedpath='{self.home}/feeds'\nmaxjobs=16\n{fetch}feeds() {{\n" + "\n".join(lines) + "\n}\n")

    @staticmethod
    def there():
        return shutil.which("sfeed_update") is not None

    def fetch(self):
        return measured(["sfeed_update", self.home / "sfeedrc"], env={"HOME": str(self.home)})


class Reader:
    name = "reader"

    def __init__(self, home, world):
        self.home = pathlib.Path(home) / "reader"
        self.home.mkdir()
        self.urls = self.home / "urls"
        self.urls.write_text("\n".join(world.urls) + "\n")
        self._run("for url in open(sys.argv[2]).read().split(): r.add_feed(url)")

    @staticmethod
    def there():
        return _imports("reader")

    def _run(self, what):
        code = f"import sys, reader\nr = reader.make_reader(sys.argv[1])\n{what}\n"
        return measured([TARGET / "peers/bin/python", "-c", code, self.home / "db", self.urls])

    def fetch(self):
        # Its own plan would have it ask nobody for an hour.
        return self._run("r.update_feeds(workers=16, scheduled=False)")


class Rss2email:
    name = "rss2email"

    def __init__(self, home, world):
        self.home = pathlib.Path(home) / "rss2email"
        self.home.mkdir()
        feeds = "".join(f"[feed.f{at}]\nurl = {url}\n\n" for at, url in enumerate(world.urls))
        (self.home / "cfg").write_text("[DEFAULT]\nfrom = a@b.example\nto = a@b.example\nverbose = error\n\n" + feeds)

    @staticmethod
    def there():
        return _imports("rss2email")

    def fetch(self):
        # Without sending: only its reading is compared.
        return measured([TARGET / "peers/bin/r2e", "-c", self.home / "cfg", "-d", self.home / "data.json", "run", "--no-send"])


PEERS = [Newsboat, Sfeed, Reader, Rss2email]


def _imports(module):
    python = TARGET / "peers/bin/python"
    return python.exists() and subprocess.run([python, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def unit_environment():
    """What our unit sets for the daemon."""
    lines = (ROOT / "systemd" / "diembao.service").read_text().splitlines()
    given = [line.split("=", 1)[1] for line in lines if line.startswith("Environment=")]
    return dict(one.split("=", 1) for line in given for one in line.split())


class Daemon:
    """Our daemon under measurement, with its unit's environment; `with Daemon(diembao) as daemon:`"""

    def __init__(self, diembao):
        self.args = [BIN, "--config", str(diembao.config), "--quiet", "run"]

    def __enter__(self):
        self.child = subprocess.Popen(self.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      env={**os.environ, **unit_environment()})
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait()

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident memory in MB now, and how much of it is anonymous: not pages of the program's own file."""
        lines = pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines()
        sizes = {name: int(rest.split()[0]) / 1024 for name, rest in
                 (line.split(":", 1) for line in lines) if name in ("VmRSS", "RssAnon")}
        if len(sizes) < 2:
            raise Refused("the daemon is gone")
        return sizes["VmRSS"], sizes["RssAnon"]


def floor(rounds, feeds):
    """The floor's own figures: CPU seconds without and with full-text index, and the throw-away's beside them."""
    env = {**os.environ, "CARGO_TARGET_DIR": str(TARGET), "FW_PORT": str(PORT)}
    # It builds itself where it is run: elsewhere it would take our flags for SQLite.
    out = subprocess.run([SHARED / "floor" / "floor.sh", str(rounds), str(feeds)], env=env, check=True, cwd=SHARED / "floor",
                         stdout=subprocess.PIPE).stdout.decode()
    lines = out.splitlines()[-2:]
    words = " ".join(lines).replace(",", "").replace(";", "").split()
    bare, indexed = float(words[words.index("FTS") + 1]), float(words[words.index("with") + 2])
    print("  " + "\n  ".join(lines), file=sys.stderr)
    return bare, indexed, lines
