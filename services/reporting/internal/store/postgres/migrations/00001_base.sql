-- +goose Up

-- Names compare byte by byte, whatever language the database sorts by. Times are microseconds since 1970. What is called body is JSON unless said otherwise.

-- Which process does the chores: one row.
CREATE TABLE leader (
    id     bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    holder text COLLATE "C" NOT NULL DEFAULT '',
    until  bigint NOT NULL DEFAULT 0
);

INSERT INTO leader (id) VALUES (1);
