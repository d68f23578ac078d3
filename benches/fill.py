#!/usr/bin/env python3
"""fill.py STORE ARTICLES: puts articles with entries and keys into a store, spread over its feeds, so that a bench can see what
a round costs beside them. The store must not be open."""
import sqlite3
import sys


def fill(path, articles):
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
    feeds = db.execute("SELECT count(*) FROM feeds").fetchone()[0]
    first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM articles").fetchone()[0]
    last = first + articles - 1
    db.executescript(f"""
        CREATE TEMP TABLE n (id INTEGER PRIMARY KEY);
        WITH RECURSIVE c(i) AS (VALUES({first}) UNION ALL SELECT i + 1 FROM c WHERE i < {last}) INSERT INTO n SELECT i FROM c;
        INSERT INTO articles (id, source_id, ingest, seen, published, backfill, analysed_with, level, page_state, url, title, sapo, verdict)
            SELECT id, (SELECT min(id) FROM sources) + id % (SELECT count(*) FROM sources), id, 1700000000000 + id * 1000, 1700000000000 + id * 1000, 0, 9,
                0, 'unwanted', 'https://bao.example/bai-viet-so-' || id || '.html', 'Một tiêu đề dài vừa phải của bài báo số ' || id,
                'Đoạn mở đầu của bài báo, khoảng một trăm năm mươi chữ cái như thường thấy ở các báo tỉnh, số ' || id, NULL FROM n;
        INSERT INTO entries (id, feed_id, entry_key, article_id, first_seen, content_hash, guid, link, published, title, terms, summary)
            SELECT (SELECT coalesce(max(id), 0) FROM entries) + n.id - {first} + 1, f.id, randomblob(16), n.id, 1700000000000 + n.id * 1000,
                randomblob(16), 'https://bao.example/' || n.id, 'https://bao.example/bai-viet-so-' || n.id || '.html', 1700000000000 + n.id * 1000,
                'Một tiêu đề dài vừa phải của bài báo số ' || n.id, '[[],[],[]]', 'Đoạn mở đầu của bài báo, khoảng một trăm năm mươi chữ cái, số ' || n.id
            FROM n JOIN feeds f ON f.id = (SELECT min(id) FROM feeds) + n.id % {feeds};
        CREATE TEMP TABLE k AS SELECT randomblob(16) AS key, id FROM n UNION ALL SELECT randomblob(16), id FROM n UNION ALL SELECT randomblob(16), id FROM n;
        INSERT INTO article_keys (key, article_id, entry_id) SELECT key, id, id FROM k ORDER BY key;
    """)
    db.commit()
    db.close()


fill(sys.argv[1], int(sys.argv[2]))
