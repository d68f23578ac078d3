-- Pages of mailed articles, asked again for some days: do they still stand, and do they say the same?

-- A row begins when a page is first read (its headline, its validators); `due_at` is set when an edition has the article.
CREATE TABLE rereads (
    article_id    INTEGER PRIMARY KEY REFERENCES articles (id),
    due_at        INTEGER,
    until         INTEGER, -- asked no more after this; NULL: in no edition
    page_title    TEXT,
    etag          TEXT,
    last_modified TEXT,
    missing_since INTEGER, -- since when the page looks taken down; one sight of it proves nothing
    withdrawn_at  INTEGER,
    CHECK (due_at IS NULL OR until IS NOT NULL AND withdrawn_at IS NULL)
) STRICT;
CREATE INDEX rereads_due ON rereads (due_at) WHERE due_at IS NOT NULL;
