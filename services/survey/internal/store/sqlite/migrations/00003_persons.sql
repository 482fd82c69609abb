-- +goose Up

-- Whom a submission is about: a pseudonym of 16 bytes; no bytes when it is about nobody; NULL when a version stored it which did not note it.
ALTER TABLE submissions ADD COLUMN person BLOB;

CREATE INDEX submissions_by_person ON submissions (organization, person) WHERE person > x'';
CREATE INDEX submissions_unmarked ON submissions (organization) WHERE person IS NULL;

-- What persons decided; rows never change.
CREATE TABLE consents (
    organization TEXT NOT NULL,
    person       BLOB NOT NULL,
    consent      TEXT NOT NULL,
    person_key   TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (organization, person, consent)
) STRICT, WITHOUT ROWID;

-- Request ids of RecordConsent. A row outlives the decision that it refers to.
CREATE TABLE consent_requests (
    organization TEXT NOT NULL,
    key          TEXT NOT NULL,
    fingerprint  BLOB NOT NULL,
    person       BLOB NOT NULL,
    consent      TEXT NOT NULL,
    PRIMARY KEY (organization, key)
) STRICT, WITHOUT ROWID;

-- Erasures with what they removed.
CREATE TABLE erasures (
    organization TEXT    NOT NULL,
    erasure      TEXT    NOT NULL,
    person       BLOB    NOT NULL,
    begin_time   INTEGER NOT NULL,
    responses    INTEGER NOT NULL DEFAULT 0,
    refusals     INTEGER NOT NULL DEFAULT 0,
    comments     INTEGER NOT NULL DEFAULT 0,
    consents     INTEGER NOT NULL DEFAULT 0,
    position     INTEGER NOT NULL DEFAULT 0,
    settled      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, erasure)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures_unsettled ON erasures (begin_time) WHERE settled = 0;

-- The keys of what erasures removed, noted before they are destroyed.
CREATE TABLE erased_keys (
    organization TEXT NOT NULL,
    erasure      TEXT NOT NULL,
    person_key   TEXT NOT NULL,
    PRIMARY KEY (organization, erasure, person_key)
) STRICT, WITHOUT ROWID;

-- How much is stored, up to the position that progress holds under the name usage.
CREATE TABLE usages (
    organization TEXT    PRIMARY KEY,
    submissions  INTEGER NOT NULL,
    bytes        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far work on the log has come, by its name.
CREATE TABLE progress (
    name     TEXT    PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A digest of the key for pseudonyms by which an organisation's persons were made unknown: another vault has another key.
CREATE TABLE vaults (
    organization TEXT PRIMARY KEY,
    fingerprint  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
