-- +goose Up

-- What customers bought, or brought back: amounts are in minor units of the currency.
CREATE TABLE purchases (
    organization text COLLATE "C" NOT NULL,
    receipt      text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    company      text COLLATE "C" NOT NULL,
    location     text COLLATE "C" NOT NULL,
    time         bigint NOT NULL,
    amount       bigint NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    create_time  bigint NOT NULL,
    PRIMARY KEY (organization, receipt)
);

-- With all that sums over a contact's purchases need.
CREATE INDEX purchases_by_contact ON purchases (organization, contact, time, currency, amount);
CREATE INDEX purchases_by_person ON purchases (organization, person) WHERE person IS NOT NULL;
CREATE INDEX purchases_by_time ON purchases (organization, time, receipt);

-- That customers left.
CREATE TABLE churns (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    time         bigint NOT NULL,
    reason       text COLLATE "C" NOT NULL,
    create_time  bigint NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX churns_by_contact ON churns (organization, contact, time);
CREATE INDEX churns_by_person ON churns (organization, person) WHERE person IS NOT NULL;
CREATE INDEX churns_by_time ON churns (organization, time, id);

-- How many of the staff of locations left, in times that do not overlap for one location.
CREATE TABLE turnovers (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    location     text COLLATE "C" NOT NULL,
    start_time   bigint NOT NULL,
    end_time     bigint NOT NULL,
    headcount    double precision NOT NULL,
    leavers      bigint NOT NULL,
    create_time  bigint NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX turnovers_by_location ON turnovers (organization, location, start_time);
CREATE INDEX turnovers_by_time ON turnovers (organization, start_time, id);

-- What comments of answers say that are not in a timeline yet: for moments, until the answer is there, or it is sure that nobody knows who gave it.
CREATE TABLE waiting_comments (
    organization text COLLATE "C" NOT NULL,
    resource     text COLLATE "C" NOT NULL,
    time         bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, resource)
);

CREATE INDEX waiting_comments_by_time ON waiting_comments (time);

-- Entries of one kind, which may be few among many.
CREATE INDEX timeline_by_kind ON timeline (organization, contact, kind, time, resource);
