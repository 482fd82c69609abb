-- +goose Up

-- What people said of analyses: all of it; the last of a comment holds and is kept with the comment, too.
CREATE TABLE corrections (
    organization text COLLATE "C" NOT NULL,
    id           bigint NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    comment      text COLLATE "C" NOT NULL,
    model        text COLLATE "C" NOT NULL,
    body         text   NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX corrections_by_comment ON corrections (organization, survey, response, comment, model, id);

-- The organisations' own aspects, and how often they were changed.
CREATE TABLE aspects (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    body         text   NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE TABLE aspect_versions (
    organization text COLLATE "C" NOT NULL PRIMARY KEY,
    version      bigint NOT NULL
);

-- Aspects that were deleted: analyses that looked for those of an older version than version are void where they name them. pending is 1 until they are taken
-- out of what comments are found and counted by.
CREATE TABLE deleted_aspects (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    pending      bigint NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX deleted_aspects_pending ON deleted_aspects (organization, id) WHERE pending = 1;

-- Analysing anew: those that run have no end_time. holder works on it until a time.
CREATE TABLE reanalyses (
    organization       text COLLATE "C" NOT NULL,
    id                 text COLLATE "C" NOT NULL,
    model              text COLLATE "C" NOT NULL,
    create_time        bigint NOT NULL,
    end_time           bigint,
    cancelled          bigint NOT NULL,
    done               bigint NOT NULL,
    total              bigint NOT NULL,
    sentiments_changed bigint NOT NULL,
    aspects_changed    bigint NOT NULL,
    after              bigint NOT NULL,
    holder             text COLLATE "C" NOT NULL DEFAULT '',
    until              bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX reanalyses_that_run ON reanalyses (organization) WHERE end_time IS NULL;
CREATE INDEX reanalyses_by_age ON reanalyses (organization, create_time, id);

-- Registers of trends and risks. severity is -1 for trends.
CREATE TABLE entries (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    kind         bigint NOT NULL,
    state        bigint NOT NULL,
    severity     bigint NOT NULL,
    theme        text COLLATE "C" NOT NULL,
    create_time  bigint NOT NULL,
    version      bigint NOT NULL,
    body         text   NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX entries_by_severity ON entries (organization, severity, create_time, id);
CREATE INDEX entries_by_theme ON entries (organization, theme, create_time, id) WHERE theme <> '';

-- Which comments the registers name.
CREATE TABLE entry_mentions (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    comment      text COLLATE "C" NOT NULL,
    entry        text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, survey, response, comment, entry)
);

CREATE INDEX entry_mentions_by_entry ON entry_mentions (organization, entry);

-- Praise that may be shown. uses has a bit for each use; state is 3 when it was withdrawn.
CREATE TABLE testimonials (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    comment      text COLLATE "C" NOT NULL,
    state        bigint NOT NULL,
    uses         bigint NOT NULL,
    create_time  bigint NOT NULL,
    body         text   NOT NULL,
    PRIMARY KEY (organization, id)
);

-- Of a comment there is one that was not withdrawn.
CREATE UNIQUE INDEX testimonials_in_use ON testimonials (organization, survey, response, comment) WHERE state <> 3;
CREATE INDEX testimonials_by_comment ON testimonials (organization, survey, response, comment);
CREATE INDEX testimonials_by_age ON testimonials (organization, create_time, id);
