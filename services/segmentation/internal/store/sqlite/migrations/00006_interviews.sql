-- +goose Up

-- Interviews. state is that of package interview; score is 99 where there is none, so that it sorts last; codes are the codes, each with a space before and after
-- it; sealed are the words, under the key named.
CREATE TABLE interviews (
    organization  TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    contact       TEXT    NOT NULL,
    company       TEXT    NOT NULL,
    location      TEXT    NOT NULL,
    region        TEXT    NOT NULL,
    person        BLOB,
    state         INTEGER NOT NULL,
    interviewer   TEXT    NOT NULL,
    schedule_time INTEGER,
    stake         REAL    NOT NULL,
    score         REAL    NOT NULL,
    codes         TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    sealed        BLOB,
    create_time   INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    body          BLOB    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- A contact has one interview that is to be held.
CREATE UNIQUE INDEX interviews_to_hold ON interviews (organization, contact) WHERE state IN (1, 2);
CREATE INDEX interviews_by_contact ON interviews (organization, contact);
CREATE INDEX interviews_by_person ON interviews (organization, person) WHERE person IS NOT NULL;
CREATE INDEX interviews_by_order ON interviews (organization, state, stake DESC, score, create_time, id);
CREATE INDEX interviews_by_time ON interviews (organization, schedule_time) WHERE schedule_time IS NOT NULL;

-- Guides, code books and policies of recovery, by their resource names.
CREATE TABLE documents (
    organization TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, name)
) STRICT, WITHOUT ROWID;

-- Secret addresses of calendars. key names the credential whose secret it is.
CREATE TABLE calendar_feeds (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    create_time  INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX calendar_feeds_by_key ON calendar_feeds (organization, key);
CREATE INDEX calendar_feeds_by_owner ON calendar_feeds (organization, owner, create_time, id);

-- Daily e-mails. position is that of the last event that they told of, since the time of it.
CREATE TABLE digests (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    next_time    INTEGER,
    position     INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX digests_by_next_time ON digests (next_time) WHERE next_time IS NOT NULL;

-- Who gets them: address and secret are sealed, key names the credential of the secret.
CREATE TABLE digest_recipients (
    organization     TEXT    NOT NULL,
    digest           TEXT    NOT NULL,
    number           INTEGER NOT NULL,
    key              TEXT    NOT NULL,
    address          BLOB    NOT NULL,
    secret           BLOB    NOT NULL,
    unsubscribe_time INTEGER,
    PRIMARY KEY (organization, digest, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX digest_recipients_by_key ON digest_recipients (organization, key);

-- What was sent to whom on which day. id is the day and the key, so that there is one.
CREATE TABLE digest_deliveries (
    organization  TEXT    NOT NULL,
    digest        TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    day           TEXT    NOT NULL,
    from_position INTEGER NOT NULL,
    to_position   INTEGER NOT NULL,
    since         INTEGER NOT NULL,
    create_time   INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    failure       TEXT    NOT NULL,
    next_time     INTEGER,
    send_time     INTEGER,
    PRIMARY KEY (organization, digest, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX digest_deliveries_by_next_time ON digest_deliveries (next_time) WHERE next_time IS NOT NULL;
CREATE INDEX digest_deliveries_by_create_time ON digest_deliveries (create_time);

-- What is asked after cases were closed; id is that of the case. score is NULL where there is none, colour 0 for no light.
CREATE TABLE recoveries (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    survey       TEXT    NOT NULL,
    question     TEXT    NOT NULL,
    cut          REAL    NOT NULL,
    state        INTEGER NOT NULL,
    close_time   INTEGER NOT NULL,
    due_time     INTEGER NOT NULL,
    expire_time  INTEGER NOT NULL,
    invite_time  INTEGER,
    response     TEXT    NOT NULL,
    score        REAL,
    colour       INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX recoveries_by_contact ON recoveries (organization, contact);
CREATE INDEX recoveries_by_person ON recoveries (organization, person) WHERE person IS NOT NULL;
CREATE INDEX recoveries_by_due_time ON recoveries (organization, due_time, id);
CREATE INDEX recoveries_by_response ON recoveries (organization, response) WHERE response <> '';
CREATE INDEX recoveries_by_close_time ON recoveries (organization, close_time);
