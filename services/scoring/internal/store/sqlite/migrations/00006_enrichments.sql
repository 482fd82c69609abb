-- +goose Up

-- What other services have found out about responses, of each organisation's live ledger and of those that come after it. number is that of the batch
-- by which it was stored; body is empty where something was known and nothing is any more.
CREATE TABLE enrichments (
    organization TEXT NOT NULL,
    survey TEXT NOT NULL,
    response TEXT NOT NULL,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (organization, survey, response)
) STRICT, WITHOUT ROWID;
CREATE INDEX enrichments_by_number ON enrichments (organization, number);

-- How far the log of enrichments is applied: the position of the last event, and the number of batches stored. One row.
CREATE TABLE enriched (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,
    number INTEGER NOT NULL
) STRICT;
INSERT INTO enriched (one, position, number) VALUES (1, 0, 0);
