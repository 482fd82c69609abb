-- +goose Up

-- Addresses to which events are sent. events has a bit for each event. The secrets are sealed.
CREATE TABLE webhooks (
    organization      text COLLATE "C" NOT NULL,
    id                text COLLATE "C" NOT NULL,
    display_name      text   NOT NULL,
    url               text   NOT NULL,
    events            bigint NOT NULL,
    disabled          boolean NOT NULL,
    version           bigint NOT NULL,
    create_time       bigint NOT NULL,
    last_success_time bigint,
    last_failure_time bigint,
    failing_since     bigint,
    secret            bytea  NOT NULL,
    old_secret        bytea,
    old_secret_end    bigint,
    PRIMARY KEY (organization, id)
);

CREATE INDEX webhooks_by_age ON webhooks (organization, create_time, id);

-- Events on their way: pending (1), delivered (2), failed (3). end_time is when one of the latter was noted.
CREATE TABLE webhook_deliveries (
    organization text COLLATE "C" NOT NULL,
    webhook      text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    event        smallint NOT NULL,
    resource     text COLLATE "C" NOT NULL,
    state        smallint NOT NULL,
    attempts     integer NOT NULL,
    create_time  bigint NOT NULL,
    next_time    bigint,
    end_time     bigint,
    last_result  text   NOT NULL,
    PRIMARY KEY (organization, webhook, id)
);

CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (organization, webhook, create_time, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (organization, webhook, next_time) WHERE state = 1;
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (state, end_time) WHERE end_time IS NOT NULL;

-- How far the survey service's change log was read, and who reads it: one row.
CREATE TABLE webhook_feed (
    id       smallint NOT NULL PRIMARY KEY CHECK (id = 1),
    position bigint,
    holder   text   NOT NULL,
    until    bigint NOT NULL
);

INSERT INTO webhook_feed (id, holder, until) VALUES (1, '', 0);
