-- Which relevant articles (level 1 and up) of the last months may print one report: a few windows of each text.

-- What an article put into near_windows, so that it can be taken out again.
CREATE TABLE near_texts (
    article_id INTEGER PRIMARY KEY REFERENCES articles (id),
    seen       INTEGER NOT NULL,
    tag        INTEGER NOT NULL,
    windows    BLOB    NOT NULL -- four bytes each, little-endian
) STRICT;
CREATE INDEX near_texts_by_age ON near_texts (seen);

-- The tag is content: where a window is in too many texts, which of them are found does not depend on arrival.
CREATE TABLE near_windows (
    window     INTEGER NOT NULL,
    tag        INTEGER NOT NULL,
    article_id INTEGER NOT NULL,
    PRIMARY KEY (window, tag, article_id)
) STRICT, WITHOUT ROWID;
