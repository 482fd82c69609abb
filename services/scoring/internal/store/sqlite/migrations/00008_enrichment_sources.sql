-- +goose Up

-- How far the log of each service that finds out something about responses is applied: the position of the last event, by the number of the source.
CREATE TABLE enrichment_sources (
    source INTEGER PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;
INSERT INTO enrichment_sources (source, position) SELECT 0, position FROM enriched UNION ALL VALUES (1, 0);
ALTER TABLE enriched DROP COLUMN position;
