-- `IN` over a list builds a table of its words for every row that is written; as comparisons the same check costs nothing.
-- Changed in the schema's text, as SQLite has it for what leaves the rows as they are (lang_altertable.html, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(
    sql,
    'page_state IN (''open'', ''wanted'', ''read'', ''failed'', ''unwanted'')',
    'page_state = ''open'' OR page_state = ''wanted'' OR page_state = ''read'' OR page_state = ''failed'' OR page_state = ''unwanted'''
) WHERE type = 'table' AND name = 'articles';
PRAGMA writable_schema = RESET;
