-- +goose Up

-- Whom a submission is about: a pseudonym of 16 bytes; no bytes when it is about nobody; NULL when a version stored it which did not note it.
ALTER TABLE submissions ADD COLUMN person bytea;

CREATE INDEX submissions_by_person ON submissions (organization, person, position) WHERE person > ''::bytea;
CREATE INDEX submissions_unmarked ON submissions (organization, position) WHERE person IS NULL;

-- What persons decided; rows never change.
CREATE TABLE consents (
    organization text COLLATE "C" NOT NULL,
    person       bytea NOT NULL,
    consent      text COLLATE "C" NOT NULL,
    person_key   text COLLATE "C" NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, person, consent)
);

-- Request ids of RecordConsent. A row outlives the decision that it refers to.
CREATE TABLE consent_requests (
    organization text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    fingerprint  bytea NOT NULL,
    person       bytea NOT NULL,
    consent      text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, key)
);

-- Erasures with what they removed.
CREATE TABLE erasures (
    organization text COLLATE "C" NOT NULL,
    erasure      text COLLATE "C" NOT NULL,
    person       bytea   NOT NULL,
    begin_time   bigint  NOT NULL, -- microseconds since 1970
    responses    bigint  NOT NULL DEFAULT 0,
    refusals     bigint  NOT NULL DEFAULT 0,
    comments     bigint  NOT NULL DEFAULT 0,
    consents     bigint  NOT NULL DEFAULT 0,
    position     bigint  NOT NULL DEFAULT 0,
    settled      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (organization, erasure)
);

CREATE INDEX erasures_unsettled ON erasures (begin_time) WHERE NOT settled;

-- The keys of what erasures removed, noted before they are destroyed.
CREATE TABLE erased_keys (
    organization text COLLATE "C" NOT NULL,
    erasure      text COLLATE "C" NOT NULL,
    person_key   text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, erasure, person_key)
);

-- How much is stored, up to the position that progress holds under the name usage.
CREATE TABLE usages (
    organization text COLLATE "C" NOT NULL,
    submissions  bigint NOT NULL,
    bytes        bigint NOT NULL,
    PRIMARY KEY (organization)
);

-- How far work on the log has come, by its name. A few rows, kept where transactions begin. Whoever changes what is counted in usages holds the
-- row named usage until the commit.
CREATE TABLE progress (
    name     text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
);

INSERT INTO progress (name, position) VALUES ('usage', 0);

-- A digest of the key for pseudonyms by which an organisation's persons were made unknown: another vault has another key.
CREATE TABLE vaults (
    organization text COLLATE "C" PRIMARY KEY,
    fingerprint  bytea NOT NULL
);
