-- Who and where: what relevant articles (level 1 and up) name, each under one key for all its spellings.

CREATE TABLE article_names (
    kind       TEXT    NOT NULL CHECK (kind IN ('person', 'body', 'place', 'document')),
    name       TEXT    NOT NULL, -- the key: "le van nung", "nq 57", "an-giang"
    article_id INTEGER NOT NULL REFERENCES articles (id),
    nth        INTEGER NOT NULL, -- order of first mention
    shown      TEXT    NOT NULL,
    position   TEXT,
    PRIMARY KEY (kind, name, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_names_of ON article_names (article_id);
