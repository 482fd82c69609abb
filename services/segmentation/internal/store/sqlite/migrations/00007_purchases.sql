-- +goose Up

-- What customers bought, or brought back: amounts are in minor units of the currency.
CREATE TABLE purchases (
    organization TEXT    NOT NULL,
    receipt      TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    company      TEXT    NOT NULL,
    location     TEXT    NOT NULL,
    time         INTEGER NOT NULL,
    amount       INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    create_time  INTEGER NOT NULL,
    PRIMARY KEY (organization, receipt)
) STRICT, WITHOUT ROWID;

-- With all that sums over a contact's purchases need.
CREATE INDEX purchases_by_contact ON purchases (organization, contact, time, currency, amount);
CREATE INDEX purchases_by_person ON purchases (organization, person) WHERE person IS NOT NULL;
CREATE INDEX purchases_by_time ON purchases (organization, time, receipt);

-- That customers left.
CREATE TABLE churns (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    time         INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    create_time  INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX churns_by_contact ON churns (organization, contact, time);
CREATE INDEX churns_by_person ON churns (organization, person) WHERE person IS NOT NULL;
CREATE INDEX churns_by_time ON churns (organization, time, id);

-- How many of the staff of locations left, in times that do not overlap for one location.
CREATE TABLE turnovers (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    location     TEXT    NOT NULL,
    start_time   INTEGER NOT NULL,
    end_time     INTEGER NOT NULL,
    headcount    REAL    NOT NULL,
    leavers      INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX turnovers_by_location ON turnovers (organization, location, start_time);
CREATE INDEX turnovers_by_time ON turnovers (organization, start_time, id);

-- What comments of answers say that are not in a timeline yet: for moments, until the answer is there, or it is sure that nobody knows who gave it.
CREATE TABLE waiting_comments (
    organization TEXT    NOT NULL,
    resource     TEXT    NOT NULL,
    time         INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, resource)
) STRICT, WITHOUT ROWID;

CREATE INDEX waiting_comments_by_time ON waiting_comments (time);

-- Entries of one kind, which may be few among many.
CREATE INDEX timeline_by_kind ON timeline (organization, contact, kind, time, resource);
