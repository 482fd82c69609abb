-- +goose Up

-- What other services have found out about responses, of each organisation's live ledger and of those that come after it. number is that of the batch
-- by which it was stored; body is empty where something was known and nothing is any more. Identifiers of responses may hold any bytes.
CREATE TABLE enrichments (
    number bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    response bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (organization, survey, response)
);
CREATE INDEX enrichments_by_number ON enrichments (organization, number);

-- How far the log of enrichments is applied: the position of the last event, and the number of batches stored. One row.
CREATE TABLE enriched (
    one integer PRIMARY KEY CHECK (one = 1),
    position bigint NOT NULL,
    number bigint NOT NULL
);
INSERT INTO enriched (one, position, number) VALUES (1, 0, 0);

-- Where the record of an identifier is; 0 when that is not known, as of those from before it was kept.
ALTER TABLE identifiers ADD COLUMN position bigint NOT NULL DEFAULT 0;
