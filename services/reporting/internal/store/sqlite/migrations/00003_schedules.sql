-- +goose Up

-- Reports that are made and sent by themselves. next_time is NULL while one is paused.
CREATE TABLE report_schedules (
    organization TEXT NOT NULL,
    id           TEXT NOT NULL,
    owner        TEXT NOT NULL,
    next_time    INTEGER,
    create_time  INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX report_schedules_by_age ON report_schedules (organization, create_time, id);
CREATE INDEX report_schedules_due ON report_schedules (next_time) WHERE next_time IS NOT NULL;

-- To whom, in the order of number. key names the credential by which one unsubscribes, which is sealed in secret; address is sealed, and empty for a member.
CREATE TABLE report_recipients (
    organization     TEXT NOT NULL,
    schedule         TEXT NOT NULL,
    number           INTEGER NOT NULL,
    key              TEXT NOT NULL,
    secret           BLOB NOT NULL,
    member           TEXT NOT NULL,
    address          BLOB NOT NULL,
    unsubscribe_time INTEGER,
    PRIMARY KEY (organization, schedule, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX report_recipients_by_key ON report_recipients (organization, key);

-- Occurrences: due (1), running (2), delivered (3), partly failed (4), failed (5), missed (6). report is without a version. whole is 1 where it is made for somebody, of
-- all answers, told 1 where it was told that it is overdue.
CREATE TABLE report_runs (
    organization TEXT NOT NULL,
    schedule     TEXT NOT NULL,
    id           TEXT NOT NULL,
    report       TEXT NOT NULL,
    time         INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    caught_up    INTEGER NOT NULL,
    manual       INTEGER NOT NULL,
    whole        INTEGER NOT NULL,
    begin_time   INTEGER,
    end_time     INTEGER,
    failure      TEXT NOT NULL,
    told         INTEGER NOT NULL,
    PRIMARY KEY (organization, schedule, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX report_runs_by_time ON report_runs (organization, schedule, time, id);
CREATE INDEX report_runs_delivered ON report_runs (organization, report, time) WHERE state IN (3, 4) AND whole = 1;
CREATE INDEX report_runs_late ON report_runs (time) WHERE state IN (1, 2, 5);
CREATE INDEX report_runs_untold ON report_runs (time) WHERE state IN (1, 2, 5) AND manual = 0 AND told = 0;
CREATE INDEX report_runs_ended ON report_runs (time) WHERE end_time IS NOT NULL;

-- Reports on their way to recipients: pending (1), sent (2), given up (3). next_time is when one is tried, or until when a process is trying.
CREATE TABLE report_deliveries (
    organization TEXT NOT NULL,
    schedule     TEXT NOT NULL,
    run          TEXT NOT NULL,
    key          TEXT NOT NULL,
    state        INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    failure      TEXT NOT NULL,
    next_time    INTEGER,
    send_time    INTEGER,
    fingerprint  TEXT NOT NULL,
    share        TEXT NOT NULL,
    PRIMARY KEY (organization, schedule, run, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX report_deliveries_due ON report_deliveries (organization, next_time) WHERE next_time IS NOT NULL;
CREATE INDEX report_deliveries_of ON report_deliveries (organization, key);

-- Links by which reports are read without logging in. key names the credential that the secret is; the secret itself is not kept here.
CREATE TABLE report_shares (
    organization TEXT NOT NULL,
    id           TEXT NOT NULL,
    key          TEXT NOT NULL,
    creator      TEXT NOT NULL,
    -- The credential of the recipient whom a schedule mailed it to; empty for none.
    recipient    TEXT NOT NULL,
    create_time  INTEGER NOT NULL,
    expire_time  INTEGER NOT NULL,
    views        INTEGER NOT NULL,
    view_time    INTEGER,
    body         BLOB NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX report_shares_by_key ON report_shares (organization, key);
CREATE INDEX report_shares_by_age ON report_shares (organization, create_time, id);
CREATE INDEX report_shares_of ON report_shares (organization, recipient) WHERE recipient <> '';
CREATE INDEX report_shares_ended ON report_shares (expire_time);

-- What is told of runs, for some time: delivered (1), overdue (2).
CREATE TABLE report_events (
    position     INTEGER PRIMARY KEY,
    organization TEXT NOT NULL,
    time         INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    run          TEXT NOT NULL,
    report       TEXT NOT NULL
) STRICT;

CREATE INDEX report_events_of ON report_events (organization, position);
CREATE INDEX report_events_by_age ON report_events (time);

-- The last position of an event. One row, which whoever adds one holds until the end of its transaction.
CREATE TABLE report_counter (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL
) STRICT;
INSERT INTO report_counter (one, position) VALUES (1, 0);
