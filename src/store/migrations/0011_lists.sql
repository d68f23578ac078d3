-- The marks get an index of their own that knows no positions: a list of articles for each, which is walked and combined
-- in a fraction of the time. What they look like stands in src/store/search/marks.rs; the program cuts the words, and
-- fills both tables beside its other work.
DROP TABLE articles_fts;
CREATE VIRTUAL TABLE articles_fts USING fts5 (
    title, sapo, body,
    content = '', contentless_delete = 1, tokenize = 'ascii'
);
CREATE VIRTUAL TABLE articles_marks USING fts5 (
    marks,
    content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
DELETE FROM unindexed;
INSERT INTO unindexed SELECT id FROM articles;
