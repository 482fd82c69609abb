-- +goose Up

-- The row is updated with each batch, and enrichments are when something else is found out: room in their pages lets updates stay there.
ALTER TABLE enriched SET (fillfactor = 50);
ALTER TABLE enrichments SET (fillfactor = 90);
