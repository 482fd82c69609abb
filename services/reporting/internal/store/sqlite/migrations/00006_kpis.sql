-- +goose Up

-- How key figures of employees are weighed. Versions never change.
CREATE TABLE kpi_versions (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    author       TEXT    NOT NULL,
    made         INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id, version)
) STRICT, WITHOUT ROWID;
