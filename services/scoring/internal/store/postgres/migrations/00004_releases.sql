-- +goose Up

-- Blocks are packed, as cells are.
ALTER TABLE releases ALTER COLUMN block SET STORAGE EXTERNAL;
-- A row of erasures is updated again and again: room in its page lets an update stay there.
ALTER TABLE erasures SET (fillfactor = 50);
