#!/usr/bin/env python3
"""A long run in real time: 2,000 feeds with 10 % faults on loopback, polled by the daemon as it is shipped.

    DIEMBAO_BIN=target/release/diembao FEEDWORLD=.../feedworld benches/soak.py OUT [MINUTES=120]

The world posts each minute; editions are due each half hour, a reload comes every ten minutes, and the reading room is
asked now and then (`benches/soak.py plot TSV SVG` draws any such table). Every ten seconds OUT/soak.tsv gets a line of what the process and its files weigh and how late the
polls are. At the end: OUT/soak.svg, the plot to look at, and 'N passed, N failed'. Memory may not grow in the second
half by more than a tenth, open files not at all, the log of writes (WAL) stays bounded, and no poll waits."""
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = os.environ.get("DIEMBAO_BIN", str(ROOT / "target" / "release" / "diembao"))
WORLD = os.environ.get("FEEDWORLD", "feedworld")
PORT, ROOM = int(os.environ.get("BENCH_PORT", "18751")), int(os.environ.get("BENCH_ROOM", "18752"))
FEEDS, SAMPLE, TICK, RELOAD = 2000, 10, 60, 600
FAULTS = ["404", "500", "503", "429", "timeout", "drip", "oversize", "gzip-bomb", "reset", "flap",
          "html", "truncated", "moved-home", "bad-utf8", "redirect-loop", "short", "guid-churn", "storm", "bad-gzip", "empty"]
COLUMNS = ["seconds", "rss_mb", "anon_mb", "files", "threads", "cpu_s", "wal_mb", "database_mb", "poll_lag_s",
           "unanalysed", "articles", "deliveries", "failing"]


def ctl(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_ctl/{path}", timeout=60) as answer:
        return answer.read().decode()


def config(home, minutes):
    """The shipped defaults, but for intervals a tenth as long and an edition each half hour."""
    (home / "urls").write_text(ctl("urls"))
    subprocess.run([ROOT / "tests" / "kits" / "poller", "init", home, home / "urls"], check=True)
    digests = []
    for at in range(15, minutes, 30):
        due = time.strftime("%H:%M", time.gmtime(time.time() + 7 * 3600 + at * 60))
        digests.append(f'[[digest]]\nname = "luc-{at}"\ntitle = "Điểm báo"\nat = "{due}"\ndays = "T2-CN"\nholidays = "send"\n'
                       'recipients = ["can-bo@tinh.example"]\ncontact = "diem-bao@tinh.example"\n')
    (home / "diembao.toml").write_text(f'''[daemon]
data_dir = "{home}"
[fetch]
contact = "quantri@tinh.example"
min_interval = "2m"
max_interval = "10m"
request_timeout = "20s"
allow_private = ["127.0.0.0/8"]
[article]
pages = false
[metrics]
file = "{home}/metrics.prom"
[web]
listen = "127.0.0.1:{ROOM}"
{"".join(digests)}''')


def measure(home, pid, began):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    field = lambda name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M).group(1))
    times = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    prom = {}
    if (home / "metrics.prom").exists():
        for line in (home / "metrics.prom").read_text().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                prom[name] = prom.get(name, 0) + float(value)
    total = lambda name: sum(v for k, v in prom.items() if re.split(r"[{ ]", k)[0] == name)
    size = lambda name: (home / name).stat().st_size / 1e6 if (home / name).exists() else 0
    failing = sum(v for k, v in prom.items() if k.startswith("diembao_feeds{") and 'ok"' not in k and 'healthy"' not in k)
    return [round(time.time() - began), field("VmRSS") / 1024, field("RssAnon") / 1024, len(os.listdir(f"/proc/{pid}/fd")),
            field("Threads"), (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"), size("diembao.db-wal"),
            size("diembao.db"), total("diembao_poll_lag_seconds"), total("diembao_articles_unanalysed"),
            total("diembao_articles"), total("diembao_deliveries"), failing]


def room():
    for path in ("", "tim?q=dang+bo", "nguon"):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{ROOM}/{path}", timeout=10).read()
        except OSError:
            pass


def plot(rows, target, columns=COLUMNS):
    """One small panel a column; plain SVG, so that any browser shows it."""
    panels, width, height = columns[1:], 460, 150
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * 3 + 40}" height="{(height + 50) * 4 + 20}" font-family="sans-serif" font-size="12">'
           '<rect width="100%" height="100%" fill="white"/>']
    last = max(rows[-1][0], 1)
    for at, name in enumerate(panels):
        values = [row[at + 1] for row in rows]
        top = max(max(values), 1e-9) * 1.1
        x0, y0 = 20 + (at % 3) * width, 30 + (at // 3) * (height + 50)
        points = " ".join(f"{x0 + row[0] / last * (width - 40):.1f},{y0 + height - value / top * height:.1f}" for row, value in zip(rows, values))
        out.append(f'<text x="{x0}" y="{y0 - 8}">{name}: last {values[-1]:.1f}, most {max(values):.1f}</text>'
                   f'<rect x="{x0}" y="{y0}" width="{width - 40}" height="{height}" fill="none" stroke="#bbb"/>'
                   f'<polyline points="{points}" fill="none" stroke="#a00" stroke-width="1.2"/>')
    target.write_text("\n".join(out) + "</svg>\n")


def judge(rows, home, log):
    """What may not drift, over the time after the first quarter (start and first fetch are in that)."""
    at = COLUMNS.index
    calm = [row for row in rows if row[0] > rows[-1][0] / 4]
    halves = calm[:len(calm) // 2], calm[len(calm) // 2:]
    most = lambda part, name: max(row[at(name)] for row in part)
    mean = lambda part, name: sum(row[at(name)] for row in part) / len(part)
    editions = sqlite3.connect(home / "diembao.db").execute("select count(*) from editions").fetchone()[0]
    problems = [line for line in log.read_text().splitlines() if "panicked" in line or '"level":"ERROR"' in line or " ERROR " in line]
    checks = [
        (f"memory: mean of the halves {mean(halves[0], 'anon_mb'):.1f} and {mean(halves[1], 'anon_mb'):.1f} MB",
         mean(halves[1], "anon_mb") <= mean(halves[0], "anon_mb") * 1.1 + 2),
        (f"open files: at most {most(halves[0], 'files')} and {most(halves[1], 'files')}", most(halves[1], "files") <= most(halves[0], "files") * 1.1 + 2),
        (f"threads: at most {most(calm, 'threads')}", most(halves[1], "threads") <= most(halves[0], "threads") + 2),
        (f"WAL: at most {most(calm, 'wal_mb'):.1f} MB", most(calm, "wal_mb") < 64),
        (f"polls late: at most {most(calm, 'poll_lag_s'):.0f} s", most(calm, "poll_lag_s") < 60),
        (f"waiting for analysis: at most {most(calm, 'unanalysed'):.0f}", most(calm, "unanalysed") < 3000),
        (f"editions: {editions}", editions == len(range(15, round(rows[-1][0] / 60) - 1, 30))),
        (f"errors in the log: {len(problems)} {problems[:2]}", not problems),
    ]
    for what, ok in checks:
        print("ok  " if ok else "FAIL", what)
    print(f"CPU {rows[-1][at('cpu_s')]:.0f} s of {rows[-1][0]} s; {rows[-1][at('articles')]:.0f} articles")
    failed = sum(not ok for _, ok in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed


def main():
    if sys.argv[1] == "plot":
        head, *lines = pathlib.Path(sys.argv[2]).read_text().splitlines()
        rows = [[float(word) for word in line.split("\t")] for line in lines]
        return plot(rows, pathlib.Path(sys.argv[3]), head.split("\t"))
    out, minutes = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 120
    home = out / "state"
    home.mkdir(parents=True)
    faults = ",".join(f"{name}={0.1 / len(FAULTS):.4f}" for name in FAULTS)
    world = subprocess.Popen([WORLD, "serve", "--port", str(PORT), "--feeds", str(FEEDS), "--epoch", "now", "--tick-secs", "60", "--change", "0.03", "--party", "0.02",
                              "--faults", faults, "--latency", "5-100", "--prebuild"], stderr=subprocess.PIPE, text=True)
    for line in world.stderr:
        if "ready on" in line:
            break
    log, rows, daemon = out / "log", [], None
    try:
        config(home, minutes)
        began = time.time()
        daemon = subprocess.Popen([BIN, "--config", home / "diembao.toml", "run"], stdout=log.open("w"), stderr=subprocess.STDOUT)
        with (out / "soak.tsv").open("w") as table:
            print(*COLUMNS, sep="\t", file=table)
            while time.time() - began < minutes * 60:
                time.sleep(SAMPLE)
                if daemon.poll() is not None:
                    sys.exit(f"the daemon ended with {daemon.returncode}: see {log}")
                rows.append(measure(home, daemon.pid, began))
                print(*(f"{v:.1f}" if isinstance(v, float) else v for v in rows[-1]), sep="\t", file=table, flush=True)
                elapsed = rows[-1][0]
                if elapsed % TICK < SAMPLE:
                    ctl("tick?add=1")
                    room()
                if elapsed % RELOAD < SAMPLE and elapsed > RELOAD / 2:
                    daemon.send_signal(signal.SIGHUP)
                if elapsed % 300 < SAMPLE:
                    plot(rows, out / "soak.svg")
        (out / "world.json").write_text(json.dumps(json.loads(ctl("stats")), indent=1))
        daemon.terminate()
        print("stopped with", daemon.wait(60))
    finally:
        if daemon and daemon.poll() is None:
            daemon.kill()
        world.kill()
    plot(rows, out / "soak.svg")
    sys.exit(bool(judge(rows, home, log)))


if __name__ == "__main__":
    main()
