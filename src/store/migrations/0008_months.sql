-- How many stories of a topic, province or paper each month's editions had: counted when an edition is frozen, so that a
-- page of trends reads a year and not all stories of it.
CREATE TABLE story_months (
    kind    TEXT    NOT NULL,
    month   TEXT    NOT NULL, -- `2026-11`
    key     TEXT    NOT NULL, -- as in `edition_story_keys`
    stories INTEGER NOT NULL,
    PRIMARY KEY (kind, month, key)
) STRICT, WITHOUT ROWID;

INSERT INTO story_months (kind, month, key, stories)
SELECT k.kind, substr(e.date, 1, 7), k.key, count(*)
FROM editions e JOIN edition_story_keys k ON k.edition_id = e.id GROUP BY 1, 2, 3;
