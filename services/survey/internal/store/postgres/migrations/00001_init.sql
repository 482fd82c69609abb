-- +goose Up

-- Keys compare byte by byte, whatever language the database sorts by.
--
-- Every key begins with the organisation, no key refers to another table and nothing is done by triggers, so that the tables that hold
-- customers' data can be distributed by organisation over many servers. Times are nanoseconds since 1970 unless they divide a table.

-- Surveys with their drafts. num is the order of creation, never used twice.
CREATE TABLE surveys (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    num          bigint   NOT NULL,
    state        smallint NOT NULL,
    revision     integer  NOT NULL,
    version      bigint   NOT NULL,
    create_time  bigint   NOT NULL,
    update_time  bigint   NOT NULL,
    close_time   bigint,
    body         bytea    NOT NULL,
    PRIMARY KEY (organization, survey)
);

-- The number of the survey created last. Whoever creates one holds this row until the commit, so that a survey that becomes visible later has
-- a greater number. One row, kept where transactions begin.
CREATE TABLE survey_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    num bigint  NOT NULL
);

INSERT INTO survey_head (num) VALUES (0);

-- Request ids of CreateSurvey. A row outlives the survey that it refers to, so that an identifier is never used twice.
CREATE TABLE requests (
    organization text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    fingerprint  bytea  NOT NULL,
    num          bigint NOT NULL,
    PRIMARY KEY (organization, key)
);

-- Published questionnaires; rows never change.
CREATE TABLE revisions (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    revision     integer NOT NULL,
    publish_time bigint  NOT NULL,
    body         bytea   NOT NULL,
    PRIMARY KEY (organization, survey, revision)
);

-- Responses and refusals, which are the log of changes as well. position is the place in the order of commits. Divided by the month of
-- acceptance, so that old months can be detached. The primary key walks the lists of a survey; with count_time in it a period is filtered
-- without touching the rows.
CREATE TABLE submissions (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    kind         smallint    NOT NULL,
    position     bigint      NOT NULL,
    count_time   bigint      NOT NULL,
    accept_time  timestamptz NOT NULL,
    id           text COLLATE "C" NOT NULL,
    revision     integer     NOT NULL,
    trace        text,
    body         bytea       NOT NULL,
    PRIMARY KEY (organization, survey, kind, position, count_time, accept_time)
) PARTITION BY RANGE (accept_time);

-- The log of all organisations, and that of one.
CREATE INDEX submissions_by_position ON submissions (position);
CREATE INDEX submissions_by_organization ON submissions (organization, position);

-- No answer is refused because nobody made its month.
CREATE TABLE submissions_default PARTITION OF submissions DEFAULT;

-- Identifiers of responses and refusals, with where to find what they were used for. A row outlives it, so that an identifier is never used
-- twice. Not divided by time: uniqueness must hold over all of it.
CREATE TABLE identifiers (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    kind         smallint    NOT NULL,
    id           text COLLATE "C" NOT NULL,
    fingerprint  bytea       NOT NULL,
    position     bigint      NOT NULL,
    accept_time  timestamptz NOT NULL,
    PRIMARY KEY (organization, survey, kind, id)
);

-- The position of the last change. Whoever stores changes holds this row until the commit, so that positions are in the order of commits,
-- whichever process makes them. One row, kept where transactions begin.
CREATE TABLE log_head (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint  NOT NULL
);

INSERT INTO log_head (position) VALUES (0);
