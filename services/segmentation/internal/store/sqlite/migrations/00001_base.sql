-- +goose Up

-- Times are microseconds since 1970. What is called body is JSON unless said otherwise.

-- The last numbers given, by what is numbered. Whoever writes data changes that of the writes first.
CREATE TABLE counters (
    kind   TEXT    NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (kind, number) VALUES ('writes', 0);

-- Which process follows other services and does the chores: one row.
CREATE TABLE leader (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    holder TEXT    NOT NULL DEFAULT '',
    until  INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO leader (id) VALUES (1);

-- How far the followers have come.
CREATE TABLE followers (
    follower TEXT    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What could not be applied. event is the event as it was received; contact is always empty.
CREATE TABLE dead_letters (
    organization TEXT    NOT NULL,
    id           INTEGER NOT NULL,
    follower     TEXT    NOT NULL,
    resource     TEXT    NOT NULL,
    contact      TEXT    NOT NULL DEFAULT '',
    person       BLOB,
    position     INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    event        BLOB,
    create_time  INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX dead_letters_by_resource ON dead_letters (organization, resource);
CREATE INDEX dead_letters_by_person ON dead_letters (organization, person) WHERE person IS NOT NULL;

-- What happened, for others.
CREATE TABLE outbox (
    organization TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    resource     TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    company      TEXT    NOT NULL,
    location     TEXT    NOT NULL,
    region       TEXT    NOT NULL,
    employee     TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    time         INTEGER NOT NULL,
    PRIMARY KEY (organization, position)
) STRICT;

CREATE UNIQUE INDEX outbox_by_position ON outbox (position);
CREATE INDEX outbox_by_resource ON outbox (organization, resource);
CREATE INDEX outbox_by_contact ON outbox (organization, contact);

-- What is remembered of contacts. kind and body are those of package timeline.
CREATE TABLE timeline (
    organization TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    resource     TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    time         INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, kind, resource)
) STRICT, WITHOUT ROWID;

CREATE INDEX timeline_by_contact ON timeline (organization, contact, time, kind, resource);

-- How much went by erasures.
CREATE TABLE erasures (
    organization TEXT    NOT NULL,
    erasure      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    removed      INTEGER NOT NULL,
    PRIMARY KEY (organization, erasure, kind)
) STRICT, WITHOUT ROWID;
