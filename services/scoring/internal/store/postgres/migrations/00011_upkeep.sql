-- +goose Up

-- The rows are updated with each batch: room in their page lets updates stay there.
ALTER TABLE enrichment_sources SET (fillfactor = 50);
