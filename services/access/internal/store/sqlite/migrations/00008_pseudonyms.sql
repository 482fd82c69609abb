-- +goose Up

-- Erasures go by the pseudonyms that progress holds: nobody needs to know who was erased any more, not even sealed.
ALTER TABLE erasures DROP COLUMN sealed;
