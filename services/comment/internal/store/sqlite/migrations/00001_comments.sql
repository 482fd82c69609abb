-- +goose Up

-- Times are microseconds since 1970. What is called body, analysis, previous, correction, aspects or attributes is JSON.

-- The last numbers given, one row. Whoever writes data changes it first.
CREATE TABLE counters (
    id           INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    writes       INTEGER NOT NULL DEFAULT 0,
    responses    INTEGER NOT NULL DEFAULT 0,
    comments     INTEGER NOT NULL DEFAULT 0,
    corrections  INTEGER NOT NULL DEFAULT 0,
    outbox       INTEGER NOT NULL DEFAULT 0,
    dead_letters INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO counters (id) VALUES (1);

-- How far the survey service's change log was read, and who reads it: one row.
CREATE TABLE feed (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL DEFAULT 0,
    as_of    INTEGER,
    pass     INTEGER NOT NULL DEFAULT 0,
    holder   TEXT    NOT NULL DEFAULT '',
    until    INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO feed (id) VALUES (1);

-- Responses that have comments. no is short for their names.
CREATE TABLE responses (
    organization TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    no           INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    pass         INTEGER NOT NULL,
    person       BLOB,
    attributes   TEXT    NOT NULL,
    PRIMARY KEY (organization, survey, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX responses_by_no ON responses (organization, no);
CREATE INDEX responses_by_person ON responses (organization, person) WHERE person IS NOT NULL;
CREATE INDEX responses_by_pass ON responses (pass);

-- Comments, with what they are chosen and counted by. language and sentiment are what holds, with corrections; verdict is 100, 0 or -100 of an answered
-- NPS question. themes and phrases are the aspects that hold and the key phrases, packed into one value each, since counting reads all of a slice.
-- worded is 1 until the words are forgotten, which is by receive_time.
CREATE TABLE comments (
    organization    TEXT    NOT NULL,
    survey          TEXT    NOT NULL,
    response        TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    seq             INTEGER NOT NULL PRIMARY KEY,
    response_no     INTEGER NOT NULL,
    question        TEXT    NOT NULL,
    count_time      INTEGER NOT NULL,
    receive_time    INTEGER NOT NULL,
    answer_language TEXT    NOT NULL,
    touchpoint      TEXT    NOT NULL,
    channel         TEXT    NOT NULL,
    location        TEXT    NOT NULL,
    region          TEXT    NOT NULL,
    company         TEXT    NOT NULL,
    nps             REAL,
    verdict         INTEGER,
    language        INTEGER NOT NULL,
    sentiment       INTEGER NOT NULL,
    model           TEXT    NOT NULL,
    aspects_version INTEGER NOT NULL,
    likeness        INTEGER NOT NULL,
    themes          TEXT    NOT NULL,
    phrases         TEXT    NOT NULL,
    worded          INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX comments_by_name ON comments (organization, survey, response, id);
-- With what counting reads when a slice is of a survey and a time.
CREATE INDEX comments_by_time ON comments (organization, survey, count_time, seq, response_no, verdict, themes);
CREATE INDEX comments_of_all_surveys_by_time ON comments (organization, count_time, seq);
CREATE INDEX comments_by_likeness ON comments (organization, survey, likeness) WHERE likeness <> 0;
CREATE INDEX comments_by_model ON comments (organization, model, worded);
CREATE INDEX comments_with_words_by_time ON comments (receive_time) WHERE worded = 1;
CREATE INDEX comments_by_seq ON comments (organization, seq);

-- What was written and what was made of it. sealed is the original, encrypted; original is
-- equal for the same one, made with a key.
CREATE TABLE comment_bodies (
    organization TEXT    NOT NULL,
    seq          INTEGER NOT NULL PRIMARY KEY,
    score        REAL,
    text         TEXT    NOT NULL,
    sealed       BLOB,
    key          TEXT    NOT NULL,
    original     BLOB,
    analysis     TEXT    NOT NULL,
    previous     TEXT,
    correction   TEXT
) STRICT;

-- What comments speak of by what holds.
CREATE TABLE comment_aspects (
    organization TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    aspect       TEXT    NOT NULL,
    sentiment    INTEGER NOT NULL,
    probability  REAL    NOT NULL,
    PRIMARY KEY (organization, seq, aspect, sentiment)
) STRICT, WITHOUT ROWID;

CREATE INDEX comment_aspects_by_aspect ON comment_aspects (organization, aspect, sentiment, probability, seq);

-- Key phrases. key is shifted so that it is in the order of numbers without a sign.
CREATE TABLE comment_phrases (
    organization TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    key          INTEGER NOT NULL,
    PRIMARY KEY (organization, seq, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX comment_phrases_by_key ON comment_phrases (organization, key, seq);

-- Stems of the words of comments in one reading, and in the other where it differs. The row is the comment's seq.
CREATE VIRTUAL TABLE comment_terms USING fts5 (organization UNINDEXED, terms, others, tokenize = "unicode61 remove_diacritics 0");
-- Stems of what is removed leave the index at once.
INSERT INTO comment_terms (comment_terms, rank) VALUES ('secure-delete', 1);

-- What could not be analysed. event is the event as it was received. Tables like this are not stored by their keys, as most are: the database would search by
-- a part of the key rather than by a better index.
CREATE TABLE dead_letters (
    organization TEXT    NOT NULL,
    id           INTEGER NOT NULL,
    survey       TEXT    NOT NULL,
    response     TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    pass         INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    event        BLOB,
    person       BLOB,
    create_time  INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX dead_letters_by_response ON dead_letters (organization, survey, response, position);
CREATE INDEX dead_letters_by_person ON dead_letters (organization, person) WHERE person IS NOT NULL;
CREATE INDEX dead_letters_by_pass ON dead_letters (pass);

-- What comments of responses say together, for other services: the last that was told of each.
CREATE TABLE outbox (
    organization TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    response     TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    sentiment    INTEGER NOT NULL,
    aspects      TEXT    NOT NULL,
    language     INTEGER NOT NULL,
    removed      INTEGER NOT NULL,
    model        TEXT    NOT NULL,
    time         INTEGER NOT NULL,
    PRIMARY KEY (organization, survey, response)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX outbox_by_position ON outbox (position);
CREATE INDEX outbox_of_organization ON outbox (organization, position);

-- How much went by erasures.
CREATE TABLE erasures (
    organization TEXT    NOT NULL,
    erasure      TEXT    NOT NULL,
    comments     INTEGER NOT NULL,
    corrections  INTEGER NOT NULL,
    testimonials INTEGER NOT NULL,
    dead_letters INTEGER NOT NULL,
    mentions     INTEGER NOT NULL,
    PRIMARY KEY (organization, erasure)
) STRICT, WITHOUT ROWID;
