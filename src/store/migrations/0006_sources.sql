-- Of a sitemap index: the documents that are read, and what is remembered of each (JSON, `model::FeedPart`).
ALTER TABLE feeds ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
-- What a feed's answers were like, to see it drift (JSON, `model::Watch`).
ALTER TABLE feeds ADD COLUMN watch TEXT NOT NULL DEFAULT '{}';
