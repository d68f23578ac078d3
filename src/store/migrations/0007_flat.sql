-- What keeps a round as cheap with millions of articles as with none.

-- The queue's order is one number, so that the next feed is one step in one index.
DROP INDEX feeds_due;
CREATE INDEX feeds_due ON feeds (max(next_poll_at, coalesce(lease_until, 0), coalesce(not_before, 0)))
    WHERE enabled = 1 AND retired_at IS NULL;
CREATE INDEX feeds_failing ON feeds (failing_since) WHERE failing_since IS NOT NULL AND enabled = 1;

-- What a feed's last document showed: 16 bytes an entry (which, and what it said). What stands there needs no question.
CREATE TABLE feed_shows (
    feed_id INTEGER PRIMARY KEY REFERENCES feeds (id),
    marks   BLOB NOT NULL
) STRICT;
ALTER TABLE entries DROP COLUMN last_seen;

-- Articles whose words are not yet in the index of words.
CREATE TABLE unindexed (
    article_id INTEGER PRIMARY KEY
) STRICT;

-- A feed's hours (24 little-endian floats) in place of its last fifty times; when its validators are believed again; what
-- its last document held, whatever the document said of its own date.
ALTER TABLE feeds DROP COLUMN recent;
ALTER TABLE feeds ADD COLUMN hours BLOB;
ALTER TABLE feeds ADD COLUMN counted_to INTEGER;
ALTER TABLE feeds ADD COLUMN distrusted_until INTEGER;
ALTER TABLE feeds ADD COLUMN entries_hash BLOB;
