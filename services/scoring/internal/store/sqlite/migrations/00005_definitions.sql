-- +goose Up

-- Definitions of metrics that organisations made. newest is the number of the newest version; changes counts versions and the retirement;
-- retired is when it went out of use, 0 while it is in use.
CREATE TABLE definitions (
    organization TEXT NOT NULL,
    id TEXT NOT NULL,
    newest INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    retired INTEGER NOT NULL,
    retired_by TEXT NOT NULL,
    retired_note TEXT NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- What each version says. Rows are added, and never changed or removed: scores name them.
CREATE TABLE definition_versions (
    organization TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (organization, id, version)
) STRICT, WITHOUT ROWID;
