-- +goose Up

-- What people said of analyses: all of it; the last of a comment holds and is kept with the comment, too.
CREATE TABLE corrections (
    organization TEXT    NOT NULL,
    id           INTEGER NOT NULL,
    survey       TEXT    NOT NULL,
    response     TEXT    NOT NULL,
    comment      TEXT    NOT NULL,
    model        TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX corrections_by_comment ON corrections (organization, survey, response, comment, model, id);

-- The organisations' own aspects, and how often they were changed.
CREATE TABLE aspects (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE aspect_versions (
    organization TEXT    NOT NULL PRIMARY KEY,
    version      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Aspects that were deleted: analyses that looked for those of an older version than version are void where they name them. pending is 1 until they are taken
-- out of what comments are found and counted by.
CREATE TABLE deleted_aspects (
    organization TEXT NOT NULL,
    id           TEXT NOT NULL,
    version      INTEGER NOT NULL,
    pending      INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deleted_aspects_pending ON deleted_aspects (organization, id) WHERE pending = 1;

-- Analysing anew: those that run have no end_time. holder works on it until a time.
CREATE TABLE reanalyses (
    organization       TEXT    NOT NULL,
    id                 TEXT    NOT NULL,
    model              TEXT    NOT NULL,
    create_time        INTEGER NOT NULL,
    end_time           INTEGER,
    cancelled          INTEGER NOT NULL,
    done               INTEGER NOT NULL,
    total              INTEGER NOT NULL,
    sentiments_changed INTEGER NOT NULL,
    aspects_changed    INTEGER NOT NULL,
    after              INTEGER NOT NULL,
    holder             TEXT    NOT NULL DEFAULT '',
    until              INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX reanalyses_that_run ON reanalyses (organization) WHERE end_time IS NULL;
CREATE INDEX reanalyses_by_age ON reanalyses (organization, create_time, id);

-- Registers of trends and risks. severity is -1 for trends.
CREATE TABLE entries (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    severity     INTEGER NOT NULL,
    theme        TEXT    NOT NULL,
    create_time  INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX entries_by_severity ON entries (organization, severity, create_time, id);
CREATE INDEX entries_by_theme ON entries (organization, theme, create_time, id) WHERE theme <> '';

-- Which comments the registers name.
CREATE TABLE entry_mentions (
    organization TEXT NOT NULL,
    survey       TEXT NOT NULL,
    response     TEXT NOT NULL,
    comment      TEXT NOT NULL,
    entry        TEXT NOT NULL,
    PRIMARY KEY (organization, survey, response, comment, entry)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_mentions_by_entry ON entry_mentions (organization, entry);

-- Praise that may be shown. uses has a bit for each use; state is 3 when it was withdrawn.
CREATE TABLE testimonials (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    response     TEXT    NOT NULL,
    comment      TEXT    NOT NULL,
    state        INTEGER NOT NULL,
    uses         INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

-- Of a comment there is one that was not withdrawn.
CREATE UNIQUE INDEX testimonials_in_use ON testimonials (organization, survey, response, comment) WHERE state <> 3;
CREATE INDEX testimonials_by_comment ON testimonials (organization, survey, response, comment);
CREATE INDEX testimonials_by_age ON testimonials (organization, create_time, id);
