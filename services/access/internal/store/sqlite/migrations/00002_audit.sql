-- +goose Up

-- The audit log: who did what to what, when, from where, with what outcome. Nothing in the program changes or removes a row; each holds the hash
-- of the one before, so that whoever else does is found out.
CREATE TABLE audit_entries (
    organization   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL,
    time           INTEGER NOT NULL,
    actor          TEXT    NOT NULL,
    actor_name     TEXT    NOT NULL,
    method         TEXT    NOT NULL,
    permission     TEXT    NOT NULL,
    resource       TEXT    NOT NULL,
    client_address TEXT    NOT NULL,
    request_id     TEXT    NOT NULL,
    outcome        INTEGER NOT NULL,
    code           TEXT    NOT NULL,
    start          INTEGER NOT NULL,
    previous_hash  BLOB    NOT NULL,
    hash           BLOB    NOT NULL,
    PRIMARY KEY (organization, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_entries_by_actor ON audit_entries (organization, actor, sequence);

-- The ends of the chains. Whoever appends to one changes its row in the same transaction.
CREATE TABLE audit_heads (
    organization TEXT    NOT NULL PRIMARY KEY,
    sequence     INTEGER NOT NULL,
    hash         BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
