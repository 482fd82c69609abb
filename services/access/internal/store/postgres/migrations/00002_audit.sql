-- +goose Up

-- The audit log: who did what to what, when, from where, with what outcome. Nothing in the program changes or removes a row; each holds the hash
-- of the one before, so that whoever else does is found out.
CREATE TABLE audit_entries (
    organization   text COLLATE "C" NOT NULL,
    sequence       bigint   NOT NULL,
    time           bigint   NOT NULL,
    actor          text COLLATE "C" NOT NULL,
    actor_name     text     NOT NULL,
    method         text COLLATE "C" NOT NULL,
    permission     text     NOT NULL,
    resource       text COLLATE "C" NOT NULL,
    client_address text     NOT NULL,
    request_id     text     NOT NULL,
    outcome        smallint NOT NULL,
    code           text     NOT NULL,
    start          bigint   NOT NULL,
    previous_hash  bytea    NOT NULL,
    hash           bytea    NOT NULL,
    PRIMARY KEY (organization, sequence)
);

CREATE INDEX audit_entries_by_actor ON audit_entries (organization, actor, sequence);

-- The ends of the chains. Whoever appends to one holds its row until the commit.
CREATE TABLE audit_heads (
    organization text COLLATE "C" NOT NULL PRIMARY KEY,
    sequence     bigint NOT NULL,
    hash         bytea  NOT NULL
);
