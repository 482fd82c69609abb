-- +goose Up

-- The cursors are updated with each batch: room in their pages lets an update stay in its page and leave the index alone.
ALTER TABLE cursors SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE rebuilds SET (fillfactor = 50);

-- Rows of these come and go all the time: what they leave is given back soon, however large the tables are.
ALTER TABLE deltas SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000
);
ALTER TABLE cells SET (
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,
    toast.autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_threshold = 20000
);

-- Chunks are packed: compressing them once more costs time and saves little.
ALTER TABLE deltas ALTER COLUMN chunk SET STORAGE EXTERNAL;
ALTER TABLE cells ALTER COLUMN chunk SET STORAGE EXTERNAL;
