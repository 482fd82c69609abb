-- +goose Up

-- Rows that are written to files: pending (1), running (2), succeeded (3), failed (4), cancelled (5). Who holds one works on it until then.
CREATE TABLE exports (
    organization TEXT NOT NULL,
    id           TEXT NOT NULL,
    creator      TEXT NOT NULL,
    state        INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    begin_time   INTEGER,
    end_time     INTEGER,
    expire_time  INTEGER NOT NULL,
    holder       TEXT NOT NULL,
    held_until   INTEGER NOT NULL,
    written      INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    parts        INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    cursor       BLOB,
    total        INTEGER NOT NULL,
    failure      TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX exports_of ON exports (organization, creator, create_time, id);
CREATE INDEX exports_to_make ON exports (create_time) WHERE state IN (1, 2);
CREATE INDEX exports_to_forget ON exports (expire_time);

-- Parts of their files, compressed and sealed, from a place in the file on.
CREATE TABLE export_parts (
    organization TEXT NOT NULL,
    export       TEXT NOT NULL,
    number       INTEGER NOT NULL,
    place        INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    sealed       BLOB NOT NULL,
    PRIMARY KEY (organization, export, number)
) STRICT;

CREATE INDEX export_parts_by_place ON export_parts (organization, export, place);
