-- +goose Up

-- Who writes operations data of an organisation takes turns by its row.
CREATE TABLE operation_turns (
    organization text COLLATE "C" NOT NULL PRIMARY KEY,
    number       bigint NOT NULL
);

-- What was recorded of stores beside answers. day counts from 1970-01-01; details is JSON, empty where there are none.
CREATE TABLE operation_records (
    organization  text COLLATE "C" NOT NULL,
    kind          bigint NOT NULL,
    key           text COLLATE "C" NOT NULL,
    location      text COLLATE "C" NOT NULL,
    employee      text COLLATE "C" NOT NULL,
    device        text COLLATE "C" NOT NULL,
    start_time    bigint NOT NULL,
    end_time      bigint NOT NULL,
    day           bigint NOT NULL,
    currency      text COLLATE "C" NOT NULL,
    visitors      bigint NOT NULL,
    receipts      bigint NOT NULL,
    revenue       bigint NOT NULL,
    units         double precision NOT NULL,
    consultations bigint NOT NULL,
    likes         bigint NOT NULL,
    dislikes      bigint NOT NULL,
    helps         bigint NOT NULL,
    shown         bigint NOT NULL,
    begun         bigint NOT NULL,
    completed     bigint NOT NULL,
    in_service    bigint NOT NULL,
    details       bytea NOT NULL,
    update_time   bigint NOT NULL,
    PRIMARY KEY (organization, kind, key)
);

CREATE INDEX operation_records_by_location ON operation_records (organization, kind, location, start_time);
CREATE INDEX operation_records_by_time ON operation_records (organization, kind, start_time);

-- Sums of what was recorded at a location on a day. What has no currency stands under the empty one.
CREATE TABLE operation_days (
    organization    text COLLATE "C" NOT NULL,
    location        text COLLATE "C" NOT NULL,
    day             bigint NOT NULL,
    currency        text COLLATE "C" NOT NULL,
    counter_records bigint NOT NULL,
    stated_records  bigint NOT NULL,
    sales_records   bigint NOT NULL,
    receipt_records bigint NOT NULL,
    press_records   bigint NOT NULL,
    visitors        bigint NOT NULL,
    receipts        bigint NOT NULL,
    revenue         bigint NOT NULL,
    units           double precision NOT NULL,
    consultations   bigint NOT NULL,
    likes           bigint NOT NULL,
    dislikes        bigint NOT NULL,
    helps           bigint NOT NULL,
    PRIMARY KEY (organization, location, day, currency)
);

CREATE INDEX operation_days_by_day ON operation_days (organization, day);

-- The same of months, counted from the year 0: what many locations did over a long time is summed from these.
CREATE TABLE operation_months (
    organization  text COLLATE "C" NOT NULL,
    month         bigint NOT NULL,
    location      text COLLATE "C" NOT NULL,
    currency      text COLLATE "C" NOT NULL,
    visitor_days  bigint NOT NULL,
    sales_days    bigint NOT NULL,
    press_days    bigint NOT NULL,
    visitors      bigint NOT NULL,
    receipts      bigint NOT NULL,
    revenue       bigint NOT NULL,
    units         double precision NOT NULL,
    consultations bigint NOT NULL,
    likes         bigint NOT NULL,
    dislikes      bigint NOT NULL,
    helps         bigint NOT NULL,
    PRIMARY KEY (organization, month, location, currency)
);
