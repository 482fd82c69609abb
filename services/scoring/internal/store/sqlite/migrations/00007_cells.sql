-- +goose Up

-- Chunks lie beside their keys now. Where they lay among them, each comparison of keys read a whole chunk, and chunks that hold rows are megabytes.
CREATE TABLE chunks (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    survey TEXT NOT NULL,
    span INTEGER NOT NULL,
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    PRIMARY KEY (organization, generation, survey, span, level, number)
) STRICT;
INSERT INTO chunks SELECT organization, generation, survey, span, level, number, chunk FROM cells ORDER BY organization, generation, survey, span, level, number;
DROP TABLE cells;
ALTER TABLE chunks RENAME TO cells;
