-- +goose Up

-- Segments: body is what people state of them. evaluated_version is the rule_version with which all contacts were compared last, first_time when they first were.
CREATE TABLE segments (
    organization      TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    body              BLOB    NOT NULL,
    fault             TEXT    NOT NULL DEFAULT '',
    fault_time        INTEGER,
    version           INTEGER NOT NULL,
    rule_version      INTEGER NOT NULL,
    evaluated_version INTEGER NOT NULL DEFAULT 0,
    evaluate_time     INTEGER,
    first_time        INTEGER,
    members           INTEGER NOT NULL DEFAULT 0,
    create_time       INTEGER NOT NULL,
    update_time       INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- Who belongs to them, and who did. They stay with the contact when it is merged into another one; person is always NULL.
CREATE TABLE memberships (
    organization TEXT    NOT NULL,
    segment      TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    enter_time   INTEGER NOT NULL,
    leave_time   INTEGER,
    PRIMARY KEY (organization, segment, contact, enter_time)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_now ON memberships (organization, segment, contact) WHERE leave_time IS NULL;
CREATE INDEX memberships_by_contact ON memberships (organization, contact, segment, enter_time);
CREATE INDEX memberships_by_person ON memberships (organization, person) WHERE person IS NOT NULL;

-- Contacts of which something changed that rules may ask, until they are compared with them.
CREATE TABLE segment_touches (
    organization TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    PRIMARY KEY (organization, contact)
) STRICT, WITHOUT ROWID;

CREATE INDEX segment_touches_by_number ON segment_touches (organization, number);

-- How far all contacts of organisations were compared: asked is the last change of all of them, done that which was compared, day the day for which. body is
-- how customers were placed.
CREATE TABLE segment_sweeps (
    organization TEXT    NOT NULL PRIMARY KEY,
    asked        INTEGER NOT NULL DEFAULT 0,
    done         INTEGER NOT NULL DEFAULT 0,
    day          INTEGER NOT NULL DEFAULT 0,
    body         BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
