-- +goose Up

-- Names compare byte by byte, whatever language the database sorts by. Times are microseconds since 1970. What is called body,
-- analysis, previous, correction, aspects or attributes is JSON.

-- The last numbers given, one row. Whoever writes data changes it first.
CREATE TABLE counters (
    id           bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    writes       bigint NOT NULL DEFAULT 0,
    responses    bigint NOT NULL DEFAULT 0,
    comments     bigint NOT NULL DEFAULT 0,
    corrections  bigint NOT NULL DEFAULT 0,
    outbox       bigint NOT NULL DEFAULT 0,
    dead_letters bigint NOT NULL DEFAULT 0
);

INSERT INTO counters (id) VALUES (1);

-- How far the survey service's change log was read, and who reads it: one row.
CREATE TABLE feed (
    id       bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    position bigint NOT NULL DEFAULT 0,
    as_of    bigint,
    pass     bigint NOT NULL DEFAULT 0,
    holder   text COLLATE "C" NOT NULL DEFAULT '',
    until    bigint NOT NULL DEFAULT 0
);

INSERT INTO feed (id) VALUES (1);

-- Responses that have comments. no is short for their names.
CREATE TABLE responses (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    no           bigint NOT NULL,
    position     bigint NOT NULL,
    pass         bigint NOT NULL,
    person       bytea,
    attributes   text   NOT NULL,
    PRIMARY KEY (organization, survey, id)
);

CREATE UNIQUE INDEX responses_by_no ON responses (organization, no);
CREATE INDEX responses_by_person ON responses (organization, person) WHERE person IS NOT NULL;
CREATE INDEX responses_by_pass ON responses (pass);

-- Comments, with what they are chosen and counted by. language and sentiment are what holds, with corrections; verdict is 100, 0 or -100 of an answered
-- NPS question. themes and phrases are the aspects that hold and the key phrases, packed into one value each, since counting reads all of a slice.
-- worded is 1 until the words are forgotten, which is by receive_time.
CREATE TABLE comments (
    organization    text COLLATE "C" NOT NULL,
    survey          text COLLATE "C" NOT NULL,
    response        text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    seq             bigint NOT NULL,
    response_no     bigint NOT NULL,
    question        text COLLATE "C" NOT NULL,
    count_time      bigint NOT NULL,
    receive_time    bigint NOT NULL,
    answer_language text COLLATE "C" NOT NULL,
    touchpoint      text COLLATE "C" NOT NULL,
    channel         text COLLATE "C" NOT NULL,
    location        text COLLATE "C" NOT NULL,
    region          text COLLATE "C" NOT NULL,
    company         text COLLATE "C" NOT NULL,
    nps             double precision,
    verdict         bigint,
    language        bigint NOT NULL,
    sentiment       bigint NOT NULL,
    model           text COLLATE "C" NOT NULL,
    aspects_version bigint NOT NULL,
    likeness        bigint NOT NULL,
    themes          text   NOT NULL,
    phrases         text   NOT NULL,
    worded          bigint NOT NULL,
    PRIMARY KEY (organization, seq)
);

CREATE UNIQUE INDEX comments_by_name ON comments (organization, survey, response, id);
CREATE INDEX comments_by_time ON comments (organization, survey, count_time, seq);
CREATE INDEX comments_of_all_surveys_by_time ON comments (organization, count_time, seq);
CREATE INDEX comments_by_likeness ON comments (organization, survey, likeness) WHERE likeness <> 0;
CREATE INDEX comments_by_model ON comments (organization, model, worded);
CREATE INDEX comments_with_words_by_time ON comments (receive_time) WHERE worded = 1;

-- What was written and what was made of it. sealed is the original, encrypted; original is
-- equal for the same one, made with a key.
CREATE TABLE comment_bodies (
    organization text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    score        double precision,
    text         text COLLATE "C" NOT NULL,
    sealed       bytea,
    key          text   NOT NULL,
    original     bytea,
    analysis     text   NOT NULL,
    previous     text,
    correction   text,
    PRIMARY KEY (organization, seq)
);

-- What comments speak of by what holds.
CREATE TABLE comment_aspects (
    organization text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    aspect       text COLLATE "C" NOT NULL,
    sentiment    bigint NOT NULL,
    probability  double precision NOT NULL,
    PRIMARY KEY (organization, seq, aspect, sentiment)
);

CREATE INDEX comment_aspects_by_aspect ON comment_aspects (organization, aspect, sentiment, probability, seq);

-- Key phrases. key is shifted so that it is in the order of numbers without a sign.
CREATE TABLE comment_phrases (
    organization text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    key          bigint NOT NULL,
    PRIMARY KEY (organization, seq, key)
);

CREATE INDEX comment_phrases_by_key ON comment_phrases (organization, key, seq);

-- Stems of the words of comments: those of one reading, and after a gap those of the other where it differs.
CREATE TABLE comment_terms (
    organization text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    terms        tsvector NOT NULL,
    PRIMARY KEY (organization, seq)
);

CREATE INDEX comment_terms_by_stem ON comment_terms USING gin (terms);

-- What could not be analysed. event is the event as it was received.
CREATE TABLE dead_letters (
    organization text COLLATE "C" NOT NULL,
    id           bigint NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    position     bigint NOT NULL,
    pass         bigint NOT NULL,
    reason       text   NOT NULL,
    event        bytea,
    person       bytea,
    create_time  bigint NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX dead_letters_by_response ON dead_letters (organization, survey, response, position);
CREATE INDEX dead_letters_by_person ON dead_letters (organization, person) WHERE person IS NOT NULL;
CREATE INDEX dead_letters_by_pass ON dead_letters (pass);

-- What comments of responses say together, for other services: the last that was told of each.
CREATE TABLE outbox (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    position     bigint NOT NULL,
    sentiment    bigint NOT NULL,
    aspects      text   NOT NULL,
    language     bigint NOT NULL,
    removed      bigint NOT NULL,
    model        text COLLATE "C" NOT NULL,
    time         bigint NOT NULL,
    PRIMARY KEY (organization, survey, response)
);

CREATE INDEX outbox_by_position ON outbox (position);
CREATE INDEX outbox_of_organization ON outbox (organization, position);

-- How much went by erasures.
CREATE TABLE erasures (
    organization text COLLATE "C" NOT NULL,
    erasure      text COLLATE "C" NOT NULL,
    comments     bigint NOT NULL,
    corrections  bigint NOT NULL,
    testimonials bigint NOT NULL,
    dead_letters bigint NOT NULL,
    mentions     bigint NOT NULL,
    PRIMARY KEY (organization, erasure)
);
