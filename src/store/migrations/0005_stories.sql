-- Stories of frozen editions, to be listed by topic, province and paper without reading the editions themselves.

CREATE TABLE edition_stories (
    edition_id INTEGER NOT NULL REFERENCES editions (id),
    nth        INTEGER NOT NULL, -- its place in the edition, from 0
    lead       INTEGER NOT NULL CHECK (lead IN (0, 1)),
    articles   INTEGER NOT NULL,
    title      TEXT    NOT NULL,
    PRIMARY KEY (edition_id, nth)
) STRICT, WITHOUT ROWID;

-- `key` is a topic's key, or the name of a province or paper as printed.
CREATE TABLE edition_story_keys (
    kind       TEXT    NOT NULL CHECK (kind IN ('topic', 'province', 'source')),
    key        TEXT    NOT NULL,
    edition_id INTEGER NOT NULL,
    nth        INTEGER NOT NULL,
    PRIMARY KEY (kind, key, edition_id, nth),
    FOREIGN KEY (edition_id, nth) REFERENCES edition_stories (edition_id, nth)
) STRICT, WITHOUT ROWID;

CREATE INDEX editions_by_date ON editions (date, digest, number);

INSERT INTO edition_stories (edition_id, nth, lead, articles, title)
SELECT e.id, s.key, json_extract(s.value, '$.lead'), json_array_length(s.value, '$.articles'),
       json_extract(s.value, '$.title')
FROM editions e, json_each(e.frozen, '$.stories') s;

INSERT INTO edition_story_keys (kind, key, edition_id, nth)
SELECT DISTINCT 'topic', k.value, e.id, s.key
FROM editions e, json_each(e.frozen, '$.stories') s, json_each(s.value, '$.topics') k
UNION
SELECT DISTINCT 'province', k.value, e.id, s.key
FROM editions e, json_each(e.frozen, '$.stories') s, json_each(s.value, '$.provinces') k
UNION
SELECT DISTINCT 'source', json_extract(k.value, '$.source'), e.id, s.key
FROM editions e, json_each(e.frozen, '$.stories') s, json_each(s.value, '$.articles') k;

-- Recipients who took leave of a digest by themselves; `back_at`: when an admin let them in again.
CREATE TABLE leavers (
    digest    TEXT    NOT NULL,
    recipient TEXT    NOT NULL COLLATE NOCASE,
    left_at   INTEGER NOT NULL,
    back_at   INTEGER,
    PRIMARY KEY (digest, recipient)
) STRICT, WITHOUT ROWID;
