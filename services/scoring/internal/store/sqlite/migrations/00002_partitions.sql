-- +goose Up

-- What holds for the whole store; one row. partitions is the number of parts that the change log is divided into, 0 before it is known. epoch
-- counts what puts other ledgers in the place of the live ones, from a number of the store's own. batches counts the batches stored.
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    partitions INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    batches INTEGER NOT NULL
) STRICT;
-- Chunks of cells were told apart by the position of the last event of their batch. Now they are by the number of the batch, which begins
-- beyond those positions.
INSERT INTO state (one, partitions, epoch, batches) SELECT 1, position > 0, 0, position FROM cursor;

-- How far each partition of the change log is applied to the live ledgers. version counts the batches stored for the partition.
CREATE TABLE cursors (
    partition INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    as_of INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO cursors (partition, position, as_of, version) SELECT 0, position, as_of, 0 FROM cursor WHERE position > 0;
DROP TABLE cursor;

ALTER TABLE cells RENAME COLUMN position TO number;

-- The event itself, encoded; empty for those that were set aside before it was kept.
ALTER TABLE aside ADD COLUMN event BLOB NOT NULL DEFAULT x'';

ALTER TABLE rebuilds ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rebuilds ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE rebuilds ADD COLUMN beat INTEGER NOT NULL DEFAULT 0;
