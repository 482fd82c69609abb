-- +goose Up

-- Who writes operations data of an organisation takes turns by its row.
CREATE TABLE operation_turns (
    organization TEXT    NOT NULL PRIMARY KEY,
    number       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was recorded of stores beside answers. day counts from 1970-01-01; details is JSON, empty where there are none.
CREATE TABLE operation_records (
    organization  TEXT    NOT NULL,
    kind          INTEGER NOT NULL,
    key           TEXT    NOT NULL,
    location      TEXT    NOT NULL,
    employee      TEXT    NOT NULL,
    device        TEXT    NOT NULL,
    start_time    INTEGER NOT NULL,
    end_time      INTEGER NOT NULL,
    day           INTEGER NOT NULL,
    currency      TEXT    NOT NULL,
    visitors      INTEGER NOT NULL,
    receipts      INTEGER NOT NULL,
    revenue       INTEGER NOT NULL,
    units         REAL    NOT NULL,
    consultations INTEGER NOT NULL,
    likes         INTEGER NOT NULL,
    dislikes      INTEGER NOT NULL,
    helps         INTEGER NOT NULL,
    shown         INTEGER NOT NULL,
    begun         INTEGER NOT NULL,
    completed     INTEGER NOT NULL,
    in_service    INTEGER NOT NULL,
    details       BLOB    NOT NULL,
    update_time   INTEGER NOT NULL,
    PRIMARY KEY (organization, kind, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX operation_records_by_location ON operation_records (organization, kind, location, start_time);
CREATE INDEX operation_records_by_time ON operation_records (organization, kind, start_time);

-- Sums of what was recorded at a location on a day. What has no currency stands under the empty one.
CREATE TABLE operation_days (
    organization    TEXT    NOT NULL,
    location        TEXT    NOT NULL,
    day             INTEGER NOT NULL,
    currency        TEXT    NOT NULL,
    counter_records INTEGER NOT NULL,
    stated_records  INTEGER NOT NULL,
    sales_records   INTEGER NOT NULL,
    receipt_records INTEGER NOT NULL,
    press_records   INTEGER NOT NULL,
    visitors        INTEGER NOT NULL,
    receipts        INTEGER NOT NULL,
    revenue         INTEGER NOT NULL,
    units           REAL    NOT NULL,
    consultations   INTEGER NOT NULL,
    likes           INTEGER NOT NULL,
    dislikes        INTEGER NOT NULL,
    helps           INTEGER NOT NULL,
    PRIMARY KEY (organization, location, day, currency)
) STRICT, WITHOUT ROWID;

CREATE INDEX operation_days_by_day ON operation_days (organization, day);

-- The same of months, counted from the year 0: what many locations did over a long time is summed from these.
CREATE TABLE operation_months (
    organization  TEXT NOT NULL,
    month         INTEGER NOT NULL,
    location      TEXT NOT NULL,
    currency      TEXT NOT NULL,
    visitor_days  INTEGER NOT NULL,
    sales_days    INTEGER NOT NULL,
    press_days    INTEGER NOT NULL,
    visitors      INTEGER NOT NULL,
    receipts      INTEGER NOT NULL,
    revenue       INTEGER NOT NULL,
    units         REAL NOT NULL,
    consultations INTEGER NOT NULL,
    likes         INTEGER NOT NULL,
    dislikes      INTEGER NOT NULL,
    helps         INTEGER NOT NULL,
    PRIMARY KEY (organization, month, location, currency)
) STRICT, WITHOUT ROWID;
