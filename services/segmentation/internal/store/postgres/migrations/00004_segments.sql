-- +goose Up

-- Names compare byte by byte, whatever language the database sorts by.

-- Segments: body is what people state of them. evaluated_version is the rule_version with which all contacts were compared last, first_time when they first were.
CREATE TABLE segments (
    organization      text COLLATE "C"    NOT NULL,
    id                text COLLATE "C"    NOT NULL,
    body              bytea    NOT NULL,
    fault             text COLLATE "C"    NOT NULL DEFAULT '',
    fault_time        bigint,
    version           bigint NOT NULL,
    rule_version      bigint NOT NULL,
    evaluated_version bigint NOT NULL DEFAULT 0,
    evaluate_time     bigint,
    first_time        bigint,
    members           bigint NOT NULL DEFAULT 0,
    create_time       bigint NOT NULL,
    update_time       bigint NOT NULL,
    PRIMARY KEY (organization, id)
);

-- Who belongs to them, and who did. They stay with the contact when it is merged into another one; person is always NULL.
CREATE TABLE memberships (
    organization text COLLATE "C"    NOT NULL,
    segment      text COLLATE "C"    NOT NULL,
    contact      text COLLATE "C"    NOT NULL,
    person       bytea,
    enter_time   bigint NOT NULL,
    leave_time   bigint,
    PRIMARY KEY (organization, segment, contact, enter_time)
);

CREATE INDEX memberships_now ON memberships (organization, segment, contact) WHERE leave_time IS NULL;
CREATE INDEX memberships_by_contact ON memberships (organization, contact, segment, enter_time);
CREATE INDEX memberships_by_person ON memberships (organization, person) WHERE person IS NOT NULL;

-- Contacts of which something changed that rules may ask, until they are compared with them.
CREATE TABLE segment_touches (
    organization text COLLATE "C"    NOT NULL,
    contact      text COLLATE "C"    NOT NULL,
    number       bigint NOT NULL,
    time         bigint NOT NULL,
    PRIMARY KEY (organization, contact)
);

CREATE INDEX segment_touches_by_number ON segment_touches (organization, number);

-- How far all contacts of organisations were compared: asked is the last change of all of them, done that which was compared, day the day for which. body is
-- how customers were placed.
CREATE TABLE segment_sweeps (
    organization text COLLATE "C"    NOT NULL PRIMARY KEY,
    asked        bigint NOT NULL DEFAULT 0,
    done         bigint NOT NULL DEFAULT 0,
    day          bigint NOT NULL DEFAULT 0,
    body         bytea    NOT NULL
);
