-- +goose Up

-- Interviews. state is that of package interview; score is 99 where there is none, so that it sorts last; codes are the codes, each with a space before and after
-- it; sealed are the words, under the key named.
CREATE TABLE interviews (
    organization  text COLLATE "C" NOT NULL,
    id            text COLLATE "C" NOT NULL,
    contact       text COLLATE "C" NOT NULL,
    company       text COLLATE "C" NOT NULL,
    location      text COLLATE "C" NOT NULL,
    region        text COLLATE "C" NOT NULL,
    person        bytea,
    state         bigint NOT NULL,
    interviewer   text COLLATE "C" NOT NULL,
    schedule_time bigint,
    stake         double precision NOT NULL,
    score         double precision NOT NULL,
    codes         text COLLATE "C" NOT NULL,
    key           text COLLATE "C" NOT NULL,
    sealed        bytea,
    create_time   bigint NOT NULL,
    version       bigint NOT NULL,
    body          bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

-- A contact has one interview that is to be held.
CREATE UNIQUE INDEX interviews_to_hold ON interviews (organization, contact) WHERE state IN (1, 2);
CREATE INDEX interviews_by_contact ON interviews (organization, contact);
CREATE INDEX interviews_by_person ON interviews (organization, person) WHERE person IS NOT NULL;
CREATE INDEX interviews_by_order ON interviews (organization, state, stake DESC, score, create_time, id);
CREATE INDEX interviews_by_time ON interviews (organization, schedule_time) WHERE schedule_time IS NOT NULL;

-- Guides, code books and policies of recovery, by their resource names.
CREATE TABLE documents (
    organization text COLLATE "C" NOT NULL,
    name         text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, name)
);

-- Secret addresses of calendars. key names the credential whose secret it is.
CREATE TABLE calendar_feeds (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    owner        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    create_time  bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX calendar_feeds_by_key ON calendar_feeds (organization, key);
CREATE INDEX calendar_feeds_by_owner ON calendar_feeds (organization, owner, create_time, id);

-- Daily e-mails. position is that of the last event that they told of, since the time of it.
CREATE TABLE digests (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    next_time    bigint,
    position     bigint NOT NULL,
    since        bigint NOT NULL,
    create_time  bigint NOT NULL,
    version      bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX digests_by_next_time ON digests (next_time) WHERE next_time IS NOT NULL;

-- Who gets them: address and secret are sealed, key names the credential of the secret.
CREATE TABLE digest_recipients (
    organization     text COLLATE "C" NOT NULL,
    digest           text COLLATE "C" NOT NULL,
    number           bigint NOT NULL,
    key              text COLLATE "C" NOT NULL,
    address          bytea NOT NULL,
    secret           bytea NOT NULL,
    unsubscribe_time bigint,
    PRIMARY KEY (organization, digest, number)
);

CREATE UNIQUE INDEX digest_recipients_by_key ON digest_recipients (organization, key);

-- What was sent to whom on which day. id is the day and the key, so that there is one.
CREATE TABLE digest_deliveries (
    organization  text COLLATE "C" NOT NULL,
    digest        text COLLATE "C" NOT NULL,
    id            text COLLATE "C" NOT NULL,
    key           text COLLATE "C" NOT NULL,
    day           text COLLATE "C" NOT NULL,
    from_position bigint NOT NULL,
    to_position   bigint NOT NULL,
    since         bigint NOT NULL,
    create_time   bigint NOT NULL,
    state         bigint NOT NULL,
    attempts      bigint NOT NULL,
    failure       text COLLATE "C" NOT NULL,
    next_time     bigint,
    send_time     bigint,
    PRIMARY KEY (organization, digest, id)
);

CREATE INDEX digest_deliveries_by_next_time ON digest_deliveries (next_time) WHERE next_time IS NOT NULL;
CREATE INDEX digest_deliveries_by_create_time ON digest_deliveries (create_time);

-- What is asked after cases were closed; id is that of the case. score is NULL where there is none, colour 0 for no light.
CREATE TABLE recoveries (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    survey       text COLLATE "C" NOT NULL,
    question     text COLLATE "C" NOT NULL,
    cut          double precision NOT NULL,
    state        bigint NOT NULL,
    close_time   bigint NOT NULL,
    due_time     bigint NOT NULL,
    expire_time  bigint NOT NULL,
    invite_time  bigint,
    response     text COLLATE "C" NOT NULL,
    score        double precision,
    colour       bigint NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX recoveries_by_contact ON recoveries (organization, contact);
CREATE INDEX recoveries_by_person ON recoveries (organization, person) WHERE person IS NOT NULL;
CREATE INDEX recoveries_by_due_time ON recoveries (organization, due_time, id);
CREATE INDEX recoveries_by_response ON recoveries (organization, response) WHERE response <> '';
CREATE INDEX recoveries_by_close_time ON recoveries (organization, close_time);
