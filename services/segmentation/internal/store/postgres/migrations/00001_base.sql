-- +goose Up

-- Names compare byte by byte, whatever language the database sorts by. Times are microseconds since 1970. What is called body is JSON unless said otherwise.

-- The last numbers given, by what is numbered. Whoever writes data changes that of the writes first.
CREATE TABLE counters (
    kind   text COLLATE "C" NOT NULL PRIMARY KEY,
    number bigint NOT NULL
);

INSERT INTO counters (kind, number) VALUES ('writes', 0);

-- Which process follows other services and does the chores: one row.
CREATE TABLE leader (
    id     bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    holder text COLLATE "C" NOT NULL DEFAULT '',
    until  bigint NOT NULL DEFAULT 0
);

INSERT INTO leader (id) VALUES (1);

-- How far the followers have come.
CREATE TABLE followers (
    follower text COLLATE "C" NOT NULL PRIMARY KEY,
    position bigint NOT NULL
);

-- What could not be applied. event is the event as it was received; contact is always empty.
CREATE TABLE dead_letters (
    organization text COLLATE "C" NOT NULL,
    id           bigint NOT NULL,
    follower     text COLLATE "C" NOT NULL,
    resource     text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL DEFAULT '',
    person       bytea,
    position     bigint NOT NULL,
    reason       text COLLATE "C" NOT NULL,
    event        bytea,
    create_time  bigint NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX dead_letters_by_resource ON dead_letters (organization, resource);
CREATE INDEX dead_letters_by_person ON dead_letters (organization, person) WHERE person IS NOT NULL;

-- What happened, for others.
CREATE TABLE outbox (
    organization text COLLATE "C" NOT NULL,
    position     bigint NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    resource     text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    company      text COLLATE "C" NOT NULL,
    location     text COLLATE "C" NOT NULL,
    region       text COLLATE "C" NOT NULL,
    employee     text COLLATE "C" NOT NULL,
    body         bytea NOT NULL,
    time         bigint NOT NULL,
    PRIMARY KEY (organization, position)
);

CREATE INDEX outbox_by_position ON outbox (position);
CREATE INDEX outbox_by_resource ON outbox (organization, resource);
CREATE INDEX outbox_by_contact ON outbox (organization, contact);

-- What is remembered of contacts. kind and body are those of package timeline.
CREATE TABLE timeline (
    organization text COLLATE "C" NOT NULL,
    kind         bigint NOT NULL,
    resource     text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    time         bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, kind, resource)
);

CREATE INDEX timeline_by_contact ON timeline (organization, contact, time, kind, resource);

-- How much went by erasures.
CREATE TABLE erasures (
    organization text COLLATE "C" NOT NULL,
    erasure      text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    removed      bigint NOT NULL,
    PRIMARY KEY (organization, erasure, kind)
);
