-- +goose Up

-- Times are microseconds since 1970. What is called body is JSON unless said otherwise.

-- Which process does the chores: one row.
CREATE TABLE leader (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    holder TEXT    NOT NULL DEFAULT '',
    until  INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO leader (id) VALUES (1);
