-- +goose Up

-- How far the log of each service that finds out something about responses is applied: the position of the last event, by the number of the source. The
-- position in the table enriched is for the release before, which knows no source but the comment service.
CREATE TABLE enrichment_sources (
    source smallint PRIMARY KEY,
    position bigint NOT NULL
);
INSERT INTO enrichment_sources (source, position) SELECT 0, position FROM enriched UNION ALL VALUES (1, 0);
