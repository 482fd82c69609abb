-- +goose Up

-- Surveys with their drafts. num is the order of creation, never used twice.
CREATE TABLE surveys (
    num          INTEGER PRIMARY KEY AUTOINCREMENT,
    organization TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    state        INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    create_time  INTEGER NOT NULL, -- times are nanoseconds since 1970
    update_time  INTEGER NOT NULL,
    close_time   INTEGER,
    body         BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX surveys_by_name ON surveys (organization, survey);
CREATE INDEX surveys_by_age ON surveys (organization, num);

-- Published questionnaires; rows never change.
CREATE TABLE revisions (
    organization TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    revision     INTEGER NOT NULL,
    publish_time INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, survey, revision)
) STRICT;

-- Responses and refusals. position is that of the change by which they were accepted: appending is the cheapest insert there is.
CREATE TABLE submissions (
    position     INTEGER PRIMARY KEY,
    organization TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    revision     INTEGER NOT NULL,
    count_time   INTEGER NOT NULL,
    body         BLOB    NOT NULL
) STRICT;

-- Lists in the order of acceptance; with count_time, so that a period is filtered without touching the rows.
CREATE INDEX submissions_by_survey ON submissions (organization, survey, kind, position, count_time);

-- Identifiers that clients used, with what they were used for. It outlives what it refers to, so that an identifier is never used twice.
-- reference: submissions.position or surveys.num.
CREATE TABLE idempotency (
    organization TEXT    NOT NULL,
    scope        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    fingerprint  BLOB    NOT NULL,
    reference    INTEGER NOT NULL,
    PRIMARY KEY (organization, scope, key)
) STRICT, WITHOUT ROWID;

-- The log of changes in the order of commits, for other services. Positions are never used twice. A change refers to the submission at its own
-- position.
CREATE TABLE changes (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    organization TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    kind         INTEGER NOT NULL
) STRICT;
