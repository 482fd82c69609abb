-- +goose Up

-- Reports that are made and sent by themselves. next_time is NULL while one is paused.
CREATE TABLE report_schedules (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    owner        text COLLATE "C" NOT NULL,
    next_time    bigint,
    create_time  bigint NOT NULL,
    version      bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX report_schedules_by_age ON report_schedules (organization, create_time, id);
CREATE INDEX report_schedules_due ON report_schedules (next_time) WHERE next_time IS NOT NULL;

-- To whom, in the order of number. key names the credential by which one unsubscribes, which is sealed in secret; address is sealed, and empty for a member.
CREATE TABLE report_recipients (
    organization     text COLLATE "C" NOT NULL,
    schedule         text COLLATE "C" NOT NULL,
    number           bigint NOT NULL,
    key              text COLLATE "C" NOT NULL,
    secret           bytea NOT NULL,
    member           text COLLATE "C" NOT NULL,
    address          bytea NOT NULL,
    unsubscribe_time bigint,
    PRIMARY KEY (organization, schedule, number)
);

CREATE UNIQUE INDEX report_recipients_by_key ON report_recipients (organization, key);

-- Occurrences: due (1), running (2), delivered (3), partly failed (4), failed (5), missed (6). report is without a version. whole is 1 where it is made for somebody, of
-- all answers, told 1 where it was told that it is overdue.
CREATE TABLE report_runs (
    organization text COLLATE "C" NOT NULL,
    schedule     text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    report       text COLLATE "C" NOT NULL,
    time         bigint NOT NULL,
    state        bigint NOT NULL,
    caught_up    bigint NOT NULL,
    manual       bigint NOT NULL,
    whole        bigint NOT NULL,
    begin_time   bigint,
    end_time     bigint,
    failure      text NOT NULL,
    told         bigint NOT NULL,
    PRIMARY KEY (organization, schedule, id)
);

CREATE INDEX report_runs_by_time ON report_runs (organization, schedule, time, id);
CREATE INDEX report_runs_delivered ON report_runs (organization, report, time) WHERE state IN (3, 4) AND whole = 1;
CREATE INDEX report_runs_late ON report_runs (time) WHERE state IN (1, 2, 5);
CREATE INDEX report_runs_untold ON report_runs (time) WHERE state IN (1, 2, 5) AND manual = 0 AND told = 0;
CREATE INDEX report_runs_ended ON report_runs (time) WHERE end_time IS NOT NULL;

-- Reports on their way to recipients: pending (1), sent (2), given up (3). next_time is when one is tried, or until when a process is trying.
CREATE TABLE report_deliveries (
    organization text COLLATE "C" NOT NULL,
    schedule     text COLLATE "C" NOT NULL,
    run          text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    state        bigint NOT NULL,
    attempts     bigint NOT NULL,
    failure      text NOT NULL,
    next_time    bigint,
    send_time    bigint,
    fingerprint  text NOT NULL,
    share        text NOT NULL,
    PRIMARY KEY (organization, schedule, run, key)
);

CREATE INDEX report_deliveries_due ON report_deliveries (organization, next_time) WHERE next_time IS NOT NULL;
CREATE INDEX report_deliveries_of ON report_deliveries (organization, key);

-- Links by which reports are read without logging in. key names the credential that the secret is; the secret itself is not kept here.
CREATE TABLE report_shares (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    creator      text COLLATE "C" NOT NULL,
    -- The credential of the recipient whom a schedule mailed it to; empty for none.
    recipient    text COLLATE "C" NOT NULL,
    create_time  bigint NOT NULL,
    expire_time  bigint NOT NULL,
    views        bigint NOT NULL,
    view_time    bigint,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX report_shares_by_key ON report_shares (organization, key);
CREATE INDEX report_shares_by_age ON report_shares (organization, create_time, id);
CREATE INDEX report_shares_of ON report_shares (organization, recipient) WHERE recipient <> '';
CREATE INDEX report_shares_ended ON report_shares (expire_time);

-- What is told of runs, for some time: delivered (1), overdue (2).
CREATE TABLE report_events (
    position     bigint PRIMARY KEY,
    organization text COLLATE "C" NOT NULL,
    time         bigint NOT NULL,
    kind         bigint NOT NULL,
    run          text COLLATE "C" NOT NULL,
    report       text COLLATE "C" NOT NULL
);

CREATE INDEX report_events_of ON report_events (organization, position);
CREATE INDEX report_events_by_age ON report_events (time);

-- The last position of an event. One row, which whoever adds one holds until the end of its transaction.
CREATE TABLE report_counter (
    one      bigint PRIMARY KEY CHECK (one = 1),
    position bigint NOT NULL
);
INSERT INTO report_counter (one, position) VALUES (1, 0);
