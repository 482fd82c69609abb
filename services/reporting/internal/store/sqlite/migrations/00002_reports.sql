-- +goose Up

-- Reports that there are, with the newest version of each.
CREATE TABLE reports (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- Versions, which never change and outlive their report.
CREATE TABLE report_versions (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    author       TEXT    NOT NULL,
    made         INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id, version)
) STRICT, WITHOUT ROWID;

-- What reports were made of, without a number of theirs.
CREATE TABLE report_renditions (
    organization TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    made         INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE INDEX report_renditions_made ON report_renditions (made);
