#!/usr/bin/env python3
"""Prints what a fetch costs, row by row, beside what it must and may cost. Started by run.sh, which builds the parties.

Rows: first index unchanged papers changed memory rest peers manners faults large hundred-thousand
BENCH_SCALE=0.1 shrinks every world (for trying the bench itself; such figures are marked)."""
import contextlib
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

import world as w

SCALE = float(os.environ.get("BENCH_SCALE", "1"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
LIKE_FLOOR = {"validators": "both", "encodings": "gzip"}


def scaled(count):
    return max(10, int(count * SCALE) // 10 * 10)


@contextlib.contextmanager
def party(maker=w.Diembao, prefix="bench", **world):
    """A world and one party with a fresh state."""
    with tempfile.TemporaryDirectory(prefix=prefix) as home, w.World(**world) as there:
        yield there, maker(home, there)


def row(name, must, goal, got, good=None):
    """One line of the table; `good` says whether the must is reached."""
    mark = {True: "ok", False: "MISSED", None: ""}[good]
    print(f"{name:<66} {must:>18} {goal:>12} {got:>24}  {mark}", flush=True)
    return good is not False


def bound(name, got, must, goal, form="{:.2f}"):
    return row(name, form.format(must), form.format(goal), form.format(got), got <= must)


def first_once(index):
    feeds = scaled(1000)
    with party(feeds=feeds, **LIKE_FLOOR) as (world, ours):
        cost = ours.fetch()
        world.served(200)
        ours.kept(feeds * 20)
        extra = w.measured([w.BIN, "--config", ours.config, "search", "khong-co-tu-nay"]) if index else None
    return cost.cpu + (extra.cpu if extra else 0), cost.peak


def first():
    feeds = scaled(1000)
    bare, indexed, _ = w.floor(ROUNDS, feeds)
    costs = [first_once(False) for _ in range(ROUNDS)]
    cpu = statistics.median(c[0] for c in costs)
    print(f"  first fetch of {feeds} feeds: {cpu:.3f} s CPU, peak {max(c[1] for c in costs):.0f} MB", file=sys.stderr)
    ok = bound(f"first fetch of {feeds} x 20, CPU over the floor ({bare:.2f} s)", cpu / bare, 2.5, 1.6)
    with_index = statistics.median(first_once(True)[0] for _ in range(ROUNDS))
    return bound(f"the same and indexed, over the floor with index ({indexed:.2f} s)", with_index / indexed, 2.0, 1.5) and ok


def unchanged():
    feeds, ok = scaled(5000), True
    with party(feeds=feeds) as (world, ours):
        ours.fetch()
        world.served(200)
        for latency, must, goal in (("0", 0.4, 0.2), ("50-300", 1.5, 0.6)):
            world.ctl(f"latency?range={latency}")
            world.reset()
            cost = ours.fetch()
            stats = world.served(304, feeds * 0.85)  # 8 % of the feeds have no validators
            print(f"  {cost}; {stats['by_status']}", file=sys.stderr)
            ok &= bound(f"poll of {feeds} unchanged feeds at {latency} ms, CPU s", cost.cpu, must * SCALE, goal * SCALE)
            ok &= row(f"  requests at once at one newspaper", "1", "1", str(stats["host_max_inflight"]), stats["host_max_inflight"] == 1)
            if latency != "0":
                ok &= bound(f"  the same over {stats['hosts']} newspapers, wall s", cost.wall, 20, 8, "{:.1f}")
    return ok


def changed():
    feeds = scaled(5000)
    with party(feeds=feeds, change=0.05) as (world, ours):
        ours.fetch()
        world.served(200)
        world.ctl("tick?add=1&prebuild=1")
        world.reset()
        cost = ours.fetch()
        stats = world.served(304, feeds * 0.8)
    print(f"  {cost}; {stats['by_status']}", file=sys.stderr)
    return bound(f"5 % of {feeds} changed, CPU s", cost.cpu, 1.0 * SCALE, 0.5 * SCALE)


def memory():
    ok = True
    for feeds, must, goal in ((1000, 100, 60), (5000, 150, 90)):
        with party(feeds=scaled(feeds)) as (world, ours):
            peak = ours.fetch().peak
            world.served(200)
        ok &= bound(f"peak memory, first fetch of {scaled(feeds)} x 20, MB", peak, must, goal, "{:.0f}")
    return ok


def rest():
    feeds = scaled(500)
    with party(lambda home, world: w.Diembao(home, world, fetch='min_interval = "1h"\n'), feeds=feeds) as (world, ours):
        with w.Daemon(ours) as daemon:
            until = time.monotonic() + 120
            while time.monotonic() < until and world.stats()["distinct_feeds"] < feeds:
                time.sleep(0.5)
            world.served(200)
            time.sleep(15)
            (rss, anonymous), before = daemon.memory(), daemon.cpu()
            time.sleep(10)
            idle = (daemon.cpu() - before) / 10
    row("  CPU at rest, share of a core", "", "", f"{idle:.2%}")
    row("  of its memory what is not the program's own file, MB", "", "", f"{anonymous:.0f}")
    return bound(f"resident at rest with {feeds} feeds, MB", rss, 40, 20, "{:.0f}")


def peers():
    """CPU against the best peer: first fetch and unchanged."""
    feeds, table = scaled(1000), {}
    for maker in [w.Diembao, *w.PEERS]:
        if maker is not w.Diembao and not maker.there():
            print(f"  {maker.name}: not installed", file=sys.stderr)
            continue
        try:
            with party(maker, feeds=feeds, **LIKE_FLOOR) as (world, one):
                new = one.fetch()
                first_stats = world.served(200)
                world.reset()
                same = one.fetch()
                stats = world.stats()
                if stats["requests"] < feeds:
                    raise w.Refused(f"the second run sent {stats['requests']} requests for {feeds} feeds")
        except w.Refused as why:
            print(f"  {maker.name}: refused: {why}", file=sys.stderr)
            continue
        table[maker.name] = (new.cpu, same.cpu)
        print(f"  {maker.name:<10} first {new}; again {same} ({stats['by_status']}); "
              f"at once at one newspaper {max(first_stats['host_max_inflight'], stats['host_max_inflight'])}", file=sys.stderr)
    ours, others = table.pop("diembao"), table
    if not others:
        return row("CPU against the best peer", "1/5, 1/10", "1/10, 1/30", "no peer ran", False)
    ok = True
    for at, what, must, goal in ((0, "first fetch", 5, 10), (1, "unchanged", 10, 30)):
        best = min(others, key=lambda name: others[name][at])
        times = others[best][at] / ours[at]
        ok &= row(f"CPU against the best peer ({best}), {what}", f"1/{must}", f"1/{goal}", f"1/{times:.1f}", times >= must)
    return ok


def manners():
    feeds = scaled(1000)
    with party(feeds=feeds, faults="429=0.02,503=0.02,410=0.02") as (world, ours):
        for _ in range(3):
            ours.fetch()
        stats = world.stats()
        broken = stats["violations"]
        ok = row("unconditional after a validator; inside Retry-After; after 410", "0; 0; 0", "",
                 f"{broken['unconditional']}; {broken['retry_after']}; {broken['after_410']}", not any(broken.values()))
        world.reset()
        ours.fetch()
        stats = world.stats()
    ok &= row("requests at once at one newspaper", "1", "", str(stats["host_max_inflight"]), stats["host_max_inflight"] == 1)
    return ok & bound(f"connections in a pass, over {stats['hosts']} newspapers", stats["conns"] / stats["hosts"], 1.05, 1.05)


def done_in(log, faulty):
    """Seconds until the last healthy feed was answered."""
    asked = [json.loads(line) for line in open(log)]
    feeds = [one for one in asked if one["path"].startswith("/rss/")]
    began = min(one["t_us"] for one in feeds)
    return max((one["t_us"] + one["dur_us"] - began) / 1e6 for one in feeds if not one["fault"])


def faults():
    feeds, took, peak = scaled(1000), {}, {}
    for name, given in (("clean", None), ("faulty", "timeout=0.05,drip=0.05,oversize=0.05,gzip-bomb=0.05")):
        with tempfile.TemporaryDirectory(prefix="bench") as home:
            log = pathlib.Path(home) / "log"
            options = {"feeds": feeds, "log": log, "latency": "50-300", "hold": "20", "big_mb": "64", "feeds_per_host": 1}
            if given:
                options["faults"] = given
            with w.World(**options) as world:
                cost = w.Diembao(home, world, timeout="5s").fetch()
                healthy = world.served(200, feeds * 0.75)
                world.ctl("flush")
            took[name], peak[name] = done_in(log, given), cost.peak
            print(f"  {name}: healthy in {took[name]:.1f} s; {cost}; {healthy['by_status']}", file=sys.stderr)
    ok = bound("a fifth of the feeds hang, drip or bomb: healthy ones done in, over clean", took["faulty"] / took["clean"], 2.0, 1.2)
    return ok & bound("  memory beside the clean run, MB more", peak["faulty"] - peak["clean"], 50, 50, "{:.0f}")


def large():
    """A round with a change in 5 % of the feeds, with millions of articles stored and with next to none."""
    feeds, articles, costs = scaled(1000), int(5_000_000 * SCALE), {}
    for name, stored in (("empty", 0), ("large", articles)):
        with party(feeds=feeds, change=0.05) as (world, ours):
            ours.fetch()
            if stored:
                # In a process of its own: a child's peak memory begins with its parent's.
                w.measured([sys.executable, w.ROOT / "benches" / "fill.py", ours.state / "diembao.db", stored])
                ours.fetch()  # what a first run after a restore reads once
            passes = []
            for _ in range(5):
                world.ctl("tick?add=1&prebuild=1")
                world.reset()
                passes.append(ours.fetch())
                world.served(304, feeds * 0.8)
            costs[name] = statistics.median(cost.cpu for cost in passes)
            print(f"  {name}: {costs[name]:.3f} s CPU a pass, {passes[-1].wall:.1f} s, peak {passes[-1].peak:.0f} MB", file=sys.stderr)
    return bound(f"a pass over {feeds} feeds with {articles} articles stored, over an empty store", costs["large"] / costs["empty"], 2.0, 1.3)


def hundred_thousand():
    """A real daemon, hourly rounds made short: the CPU of a whole round, reckoned over the hour it would have. Atom, because the
    world's RSS asks for half an hour's peace (ttl), which is given."""
    feeds, period = scaled(100_000), int(os.environ.get("BENCH_PERIOD", "240"))
    pace = f'min_interval = "{period}s"\nmax_interval = "{period}s"\n'
    with party(lambda home, world: w.Diembao(home, world, fetch=pace), feeds=feeds, items=5, formats="atom=100") as (world, ours):
        ours.fetch()
        world.served(200)
        with w.Daemon(ours) as daemon:
            time.sleep(period)  # the first round after the start
            world.reset()
            before, began = daemon.cpu(), time.monotonic()
            time.sleep(2 * period)
            cpu, asked = daemon.cpu() - before, world.stats()
            (rss, _), wall = daemon.memory(), time.monotonic() - began
    if asked["distinct_feeds"] < feeds * 0.999:
        raise w.Refused(f"{asked['distinct_feeds']} of {feeds} feeds asked in two rounds")
    rounds = asked["requests"] / feeds
    print(f"  {asked['requests']} requests in {wall:.0f} s ({rounds:.2f} rounds), {cpu:.1f} s CPU, {rss:.0f} MB, {asked['by_status']}", file=sys.stderr)
    share = cpu / rounds / 3600
    return row(f"{feeds} feeds over {asked['hosts']} newspapers, an hourly round, share of a core", "10 %", "3 %", f"{share:.2%}", share < 0.10)


ROWS = {"first": first, "unchanged": unchanged, "changed": changed, "memory": memory, "rest": rest, "peers": peers,
        "manners": manners, "faults": faults, "large": large, "hundred-thousand": hundred_thousand}


def main(names):
    if any(name.startswith("-") for name in names):
        sys.exit(__doc__)
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        sys.exit(f"unknown row {unknown[0]!r}; there are: {' '.join(ROWS)}")
    if SCALE != 1:
        print(f"every world at {SCALE} of its size: for trying the bench, not for quoting")
    print(f"{'':<66} {'must':>18} {'goal':>12} {'here':>24}")
    missed = []
    for name in names or ROWS:
        try:
            good = ROWS[name]()
        except w.Refused as why:
            good = row(name, "", "", f"refused: {why}", False)
        if not good:
            missed.append(name)
    print(f"{len(names or ROWS) - len(missed)} rows reached, {len(missed)} missed" + (": " + ", ".join(missed) if missed else ""))
    return 1 if missed else 0


sys.exit(main(sys.argv[1:]))
