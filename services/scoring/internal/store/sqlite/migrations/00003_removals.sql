-- +goose Up

-- How many responses and refusals the outcome was made of; 0 when that is not known, as of those from before it was counted.
ALTER TABLE outcomes ADD COLUMN records INTEGER NOT NULL DEFAULT 0;

-- What was taken away from the live ledgers by each erasure.
CREATE TABLE erasures (
    organization TEXT NOT NULL,
    erasure TEXT NOT NULL,
    responses INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    aside INTEGER NOT NULL,
    PRIMARY KEY (organization, erasure)
) STRICT, WITHOUT ROWID;

-- Blocks of answers that are only released together, by survey and in the order in which they were formed. They hold positions of the change
-- log, so that they outlast rebuilds.
CREATE TABLE releases (
    organization TEXT NOT NULL,
    survey TEXT NOT NULL,
    number INTEGER NOT NULL,
    block BLOB NOT NULL,
    PRIMARY KEY (organization, survey, number)
) STRICT, WITHOUT ROWID;
