-- +goose Up

-- Definitions of metrics that organisations made. newest is the number of the newest version; changes counts versions and the retirement;
-- retired is when it went out of use, 0 while it is in use.
CREATE TABLE definitions (
    newest bigint NOT NULL,
    changes bigint NOT NULL,
    retired bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    retired_by text NOT NULL,
    retired_note text NOT NULL,
    PRIMARY KEY (organization, id)
);

-- What each version says. Rows are added, and never changed or removed: scores name them.
CREATE TABLE definition_versions (
    version bigint NOT NULL,
    created bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    author text NOT NULL,
    note text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (organization, id, version)
);
