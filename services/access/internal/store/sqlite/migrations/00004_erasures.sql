-- +goose Up

-- Erasures: those that run (state 1) and the receipts of those that are done (2). sealed is who is erased, sealed with a key of the vault that is
-- destroyed when it is done; then it is NULL. progress is JSON. claim_owner works on it until claim_end.
CREATE TABLE erasures (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    request_id   TEXT,
    state        INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    end_time     INTEGER,
    due_time     INTEGER NOT NULL,
    sealed       BLOB,
    progress     TEXT    NOT NULL,
    claim_owner  TEXT    NOT NULL DEFAULT '',
    claim_end    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures_by_age ON erasures (organization, create_time, id);
CREATE UNIQUE INDEX erasures_by_request ON erasures (organization, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX erasures_by_due ON erasures (due_time) WHERE state = 1;

-- How many things of a kind the access service itself removed for an erasure, so that a repeated step tells the same.
CREATE TABLE erasure_counts (
    organization TEXT    NOT NULL,
    erasure      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (organization, erasure, kind)
) STRICT, WITHOUT ROWID;
