-- +goose Up

-- The row of a definition is updated with each version: room in its page lets an update stay there.
ALTER TABLE definitions SET (fillfactor = 50);
