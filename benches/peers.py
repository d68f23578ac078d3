"""Reads every feed in a folder with feedparser and fastfeedparser: `kind, name, MB/s, items/s`, tab-separated."""
import importlib.metadata
import pathlib
import sys
import time

import fastfeedparser
import feedparser

ROUNDS = {"feedparser": 1, "fastfeedparser": 5}
for kind in ("xml", "json"):
    documents = [file.read_bytes() for file in sorted(pathlib.Path(sys.argv[1]).glob(f"*.{kind}"))]
    megabytes = sum(map(len, documents)) / 1e6
    for reader in (fastfeedparser, feedparser):
        name = reader.__name__
        if kind == "json" and reader is feedparser:
            continue  # it has no JSON Feed
        seconds, items = float("inf"), 0
        for _ in range(ROUNDS[name]):
            began = time.process_time()
            items = sum(len(reader.parse(document).entries) for document in documents)
            seconds = min(seconds, time.process_time() - began)
        label = f"{name} {importlib.metadata.version(name)}"
        print(f"{kind}\t{label}\t{megabytes / seconds:.1f}\t{items / seconds:.0f}")
