-- +goose Up

-- Addresses to which events are sent. events has a bit for each event. The secrets are sealed.
CREATE TABLE webhooks (
    organization      TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    display_name      TEXT    NOT NULL,
    url               TEXT    NOT NULL,
    events            INTEGER NOT NULL,
    disabled          INTEGER NOT NULL,
    version           INTEGER NOT NULL,
    create_time       INTEGER NOT NULL,
    last_success_time INTEGER,
    last_failure_time INTEGER,
    failing_since     INTEGER,
    secret            BLOB    NOT NULL,
    old_secret        BLOB,
    old_secret_end    INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhooks_by_age ON webhooks (organization, create_time, id);

-- Events on their way: pending (1), delivered (2), failed (3). end_time is when one of the latter was noted.
CREATE TABLE webhook_deliveries (
    organization TEXT    NOT NULL,
    webhook      TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    event        INTEGER NOT NULL,
    resource     TEXT    NOT NULL,
    state        INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    next_time    INTEGER,
    end_time     INTEGER,
    last_result  TEXT    NOT NULL,
    PRIMARY KEY (organization, webhook, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (organization, webhook, create_time, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (organization, webhook, next_time) WHERE state = 1;
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (state, end_time) WHERE end_time IS NOT NULL;

-- How far the survey service's change log was read, and who reads it: one row.
CREATE TABLE webhook_feed (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position INTEGER,
    holder   TEXT    NOT NULL,
    until    INTEGER NOT NULL
) STRICT;

INSERT INTO webhook_feed (id, holder, until) VALUES (1, '', 0);
