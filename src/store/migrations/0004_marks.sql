-- The index of words gets marks: exact forms, words of the headline, documents, paper, topics, days. What they look
-- like stands in src/store/search/marks.rs; step 11 parts the two and has both filled.
DROP TABLE articles_fts;
CREATE VIRTUAL TABLE articles_fts USING fts5 (
    title, sapo, body, marks,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);
