-- +goose Up

-- Erasures: those that run (state 1) and the receipts of those that are done (2). sealed is who is erased, sealed with a key of the vault that is
-- destroyed when it is done; then it is NULL. progress is JSON. claim_owner works on it until claim_end.
CREATE TABLE erasures (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    request_id   text COLLATE "C",
    state        smallint NOT NULL,
    create_time  bigint   NOT NULL,
    end_time     bigint,
    due_time     bigint   NOT NULL,
    sealed       bytea,
    progress     text     NOT NULL,
    claim_owner  text     NOT NULL DEFAULT '',
    claim_end    bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, id)
);

CREATE INDEX erasures_by_age ON erasures (organization, create_time, id);
CREATE UNIQUE INDEX erasures_by_request ON erasures (organization, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX erasures_by_due ON erasures (due_time) WHERE state = 1;

-- How many things of a kind the access service itself removed for an erasure, so that a repeated step tells the same.
CREATE TABLE erasure_counts (
    organization text COLLATE "C" NOT NULL,
    erasure      text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    count        bigint NOT NULL,
    PRIMARY KEY (organization, erasure, kind)
);
