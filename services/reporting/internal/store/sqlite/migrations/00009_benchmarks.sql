-- +goose Up

-- Numbers of others to compare own scores with. Days count from 1970-01-01, and both belong to the period.
CREATE TABLE benchmarks (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    series       TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    metric       INTEGER NOT NULL,
    first_day    INTEGER NOT NULL,
    last_day     INTEGER NOT NULL,
    update_time  INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX benchmarks_by_metric ON benchmarks (organization, metric, last_day);
