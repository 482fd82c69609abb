-- +goose Up

-- What is watched for change. version counts changes and evaluations; due is the end of the next period to be evaluated, 0 for none; claimed is until when
-- somebody is about to evaluate it. Moments in nanoseconds since 1970.
CREATE TABLE alert_rules (
    organization TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    due INTEGER NOT NULL,
    claimed INTEGER NOT NULL,
    body BLOB NOT NULL,
    progress BLOB NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_rules_due ON alert_rules (due) WHERE due > 0;

-- What was found. A unit may hold any bytes.
CREATE TABLE alerts (
    organization TEXT NOT NULL,
    rule TEXT NOT NULL,
    number INTEGER NOT NULL,
    state INTEGER NOT NULL,
    survey TEXT NOT NULL,
    unit BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (organization, rule, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_seen ON alerts (organization, first_seen, number);
CREATE INDEX alerts_live ON alerts (organization, rule, number) WHERE state < 3;

-- What is told of alerts, for some time.
CREATE TABLE alert_events (
    position INTEGER NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    time INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX alert_events_of ON alert_events (organization, position);

-- The last number of an alert and the last position of an event. One row, which whoever adds either holds until the end of its transaction.
CREATE TABLE alert_counter (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT;
INSERT INTO alert_counter (one, number, position) VALUES (1, 0, 0);
