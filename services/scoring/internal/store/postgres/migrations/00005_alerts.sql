-- +goose Up

-- What is watched for change. version counts changes and evaluations; due is the end of the next period to be evaluated, 0 for none; claimed is until when
-- somebody is about to evaluate it. Moments in nanoseconds since 1970.
CREATE TABLE alert_rules (
    version bigint NOT NULL,
    due bigint NOT NULL,
    claimed bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    progress bytea NOT NULL,
    PRIMARY KEY (organization, id)
) WITH (fillfactor = 50);
CREATE INDEX alert_rules_due ON alert_rules (due) WHERE due > 0;

-- What was found. A unit may hold any bytes.
CREATE TABLE alerts (
    number bigint NOT NULL,
    state bigint NOT NULL,
    first_seen bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    unit bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (organization, rule, number)
);
CREATE INDEX alerts_seen ON alerts (organization, first_seen, number);
CREATE INDEX alerts_live ON alerts (organization, rule, number) WHERE state < 3;

-- What is told of alerts, for some time.
CREATE TABLE alert_events (
    position bigint PRIMARY KEY,
    time bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    body bytea NOT NULL
);
CREATE INDEX alert_events_of ON alert_events (organization, position);

-- The last number of an alert and the last position of an event. One row, which whoever adds either holds until the end of its transaction.
CREATE TABLE alert_counter (
    one integer PRIMARY KEY CHECK (one = 1),
    number bigint NOT NULL,
    position bigint NOT NULL
);
INSERT INTO alert_counter (one, number, position) VALUES (1, 0, 0);
