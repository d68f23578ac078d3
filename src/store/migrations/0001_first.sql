-- The first form of the file. Times are milliseconds since 1970, UTC. Released migrations are never edited.

-- "DiBa": how we know a file as ours.
PRAGMA application_id = 1147748961;

CREATE TABLE sources (
    id       INTEGER PRIMARY KEY,
    key      TEXT    NOT NULL UNIQUE,
    name     TEXT    NOT NULL,
    province TEXT,
    domain   TEXT    NOT NULL,
    rank     INTEGER NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;

-- A feed that left the config stays with its history, not enabled. `enabled` = configured and switched on.
CREATE TABLE feeds (
    id             INTEGER PRIMARY KEY,
    key            TEXT    NOT NULL UNIQUE,
    source_id      INTEGER NOT NULL REFERENCES sources (id),
    url            TEXT    NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('feed', 'sitemap', 'page')),
    section        TEXT,
    listed         INTEGER NOT NULL CHECK (listed IN (0, 1)),
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1) AND enabled <= listed),
    verified       INTEGER NOT NULL CHECK (verified IN (0, 1)),
    added_at       INTEGER NOT NULL,
    lease_until    INTEGER,
    etag           TEXT,
    last_modified  TEXT,
    body_hash      BLOB,
    next_poll_at   INTEGER,
    not_before     INTEGER,
    last_poll_at   INTEGER,
    last_ok_at     INTEGER,
    last_new_at    INTEGER,
    recent         TEXT    NOT NULL DEFAULT '[]',
    failures       INTEGER NOT NULL DEFAULT 0,
    failing_since  INTEGER,
    failure        TEXT,
    failure_detail TEXT,
    retired_at     INTEGER,
    moved_to       TEXT,
    moved_seen     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX feeds_due ON feeds (next_poll_at) WHERE enabled = 1 AND retired_at IS NULL;
CREATE INDEX feeds_of_source ON feeds (source_id);

-- Long columns stand last: reading the others then needs no overflow pages.
CREATE TABLE articles (
    id            INTEGER PRIMARY KEY,
    source_id     INTEGER NOT NULL REFERENCES sources (id),
    ingest        INTEGER NOT NULL UNIQUE,
    seen          INTEGER NOT NULL,
    published     INTEGER,
    backfill      INTEGER NOT NULL CHECK (backfill IN (0, 1)),
    analysed_with INTEGER NOT NULL DEFAULT 0, -- 0 = not since its text last changed
    level         INTEGER,
    score         REAL,
    -- Comparisons: `IN` over a list builds a table of its words for every row that is written.
    page_state    TEXT    NOT NULL DEFAULT 'open' CHECK (page_state = 'open' OR page_state = 'wanted' OR page_state = 'read'
                              OR page_state = 'failed' OR page_state = 'unwanted'),
    page_due_at   INTEGER CHECK ((page_due_at IS NOT NULL) = (page_state = 'wanted')),
    page_tries    INTEGER NOT NULL DEFAULT 0,
    url           TEXT    NOT NULL,
    section       TEXT,
    author        TEXT,
    title         TEXT    NOT NULL,
    first_title   TEXT,
    sapo          TEXT,
    verdict       TEXT,
    body          TEXT
) STRICT;
CREATE INDEX articles_by_analysis ON articles (analysed_with, ingest);
CREATE INDEX articles_page_due ON articles (source_id, page_due_at) WHERE page_due_at IS NOT NULL;
CREATE INDEX articles_published ON articles (published) WHERE published IS NOT NULL;
CREATE INDEX articles_undated ON articles (seen) WHERE published IS NULL;

-- One item as one feed served it: the raw fields from which identity can be computed again.
CREATE TABLE entries (
    id           INTEGER PRIMARY KEY,
    feed_id      INTEGER NOT NULL, -- these two without reference, as in article_keys below
    entry_key    BLOB    NOT NULL CHECK (length(entry_key) = 16),
    article_id   INTEGER NOT NULL,
    first_seen   INTEGER NOT NULL,
    last_seen    INTEGER NOT NULL,
    revision     INTEGER NOT NULL DEFAULT 0,
    content_hash BLOB    NOT NULL,
    guid         TEXT,
    link         TEXT,
    published    INTEGER,
    updated      INTEGER,
    raw_date     TEXT,
    title        TEXT    NOT NULL,
    terms        TEXT    NOT NULL, -- JSON: authors, categories, enclosures
    summary      TEXT,
    content      TEXT,
    UNIQUE (feed_id, entry_key)
) STRICT;
CREATE INDEX entries_of_article ON entries (article_id);

-- What an entry said before it was changed; the newest few.
CREATE TABLE entry_revisions (
    entry_id   INTEGER NOT NULL REFERENCES entries (id),
    revision   INTEGER NOT NULL,
    article_id INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    guid       TEXT,
    link       TEXT,
    published  INTEGER,
    title      TEXT    NOT NULL,
    summary    TEXT,
    PRIMARY KEY (entry_id, revision)
) STRICT, WITHOUT ROWID;

-- Hash of an article key -> the article. Never purged: an article whose body is gone is still known.
-- entry_id says which entry brought the key, so that a merge can be undone; no reference, it may outlive the entry.
-- article_id: no reference either. Feeds and articles are never deleted, entry and keys are written right behind their article,
-- and a look at the parent for each row would be a twentieth of a first fetch; `verify` looks.
CREATE TABLE article_keys (
    key        BLOB    PRIMARY KEY CHECK (length(key) = 16),
    article_id INTEGER NOT NULL,
    entry_id   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An admin's word on an article; it outlives every analysis.
CREATE TABLE marks (
    article_id INTEGER NOT NULL REFERENCES articles (id),
    mark       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (article_id, mark)
) STRICT, WITHOUT ROWID;

-- Folded text only; the words themselves stand in `articles`.
CREATE VIRTUAL TABLE articles_fts USING fts5 (
    title, sapo, body,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TABLE editions (
    id           INTEGER PRIMARY KEY,
    digest       TEXT    NOT NULL,
    slot         TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    date         TEXT    NOT NULL,
    after_ingest INTEGER NOT NULL,
    upto_ingest  INTEGER NOT NULL CHECK (upto_ingest >= after_ingest),
    composed_at  INTEGER NOT NULL,
    subject      TEXT    NOT NULL,
    frozen       TEXT    NOT NULL,
    html         TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    UNIQUE (digest, slot),
    UNIQUE (digest, number)
) STRICT;
CREATE INDEX editions_upto ON editions (digest, upto_ingest);
CREATE INDEX editions_composed ON editions (composed_at);

-- The key is the promise: an article stands in at most one edition of a digest.
CREATE TABLE edition_articles (
    digest     TEXT    NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    edition_id INTEGER NOT NULL REFERENCES editions (id),
    PRIMARY KEY (digest, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX edition_articles_of ON edition_articles (edition_id);

CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY,
    edition_id INTEGER NOT NULL REFERENCES editions (id),
    recipient  TEXT    NOT NULL COLLATE NOCASE,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sending', 'dot', 'sent', 'deferred', 'failed')),
    due_at     INTEGER CHECK ((due_at IS NULL) = (state IN ('sent', 'failed'))),
    tries      INTEGER NOT NULL DEFAULT 0,
    queued_at  INTEGER NOT NULL,
    tried_at   INTEGER,
    done_at    INTEGER,
    last_reply TEXT,
    message_id TEXT    NOT NULL,
    message    BLOB    NOT NULL,
    UNIQUE (edition_id, recipient)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;

-- Small facts of the program, by name.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
