-- +goose Up

-- What has to be seen to. open is 1 until it is closed, unresolved 1 until it is resolved. unit says what a case is about where no contact is known. rank_late is 0
-- where a promise was broken and 1 where none was, rank_due until when it is to be resolved (the greatest number: never), rank_worth and rank_severity the value and
-- the severity times -1: in the order of these and of the identifier cases are seen to. next_time is when time does something to a case.
CREATE TABLE cases (
    organization  TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    state         INTEGER NOT NULL,
    open          INTEGER NOT NULL,
    unresolved    INTEGER NOT NULL,
    queue         TEXT    NOT NULL,
    owner         TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    unit          TEXT    NOT NULL,
    contact       TEXT    NOT NULL,
    person        BLOB,
    company       TEXT    NOT NULL,
    location      TEXT    NOT NULL,
    region        TEXT    NOT NULL,
    employee      TEXT    NOT NULL,
    rank_late     INTEGER NOT NULL,
    rank_due      INTEGER NOT NULL,
    rank_worth    REAL    NOT NULL,
    rank_severity INTEGER NOT NULL,
    next_time     INTEGER,
    create_time   INTEGER NOT NULL,
    update_time   INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    body          BLOB    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX cases_in_order ON cases (organization, open, rank_late, rank_due, rank_worth, rank_severity, id);
CREATE INDEX cases_by_queue ON cases (organization, open, queue, rank_late, rank_due, rank_worth, rank_severity, id);
CREATE INDEX cases_by_owner ON cases (organization, open, owner, rank_late, rank_due, rank_worth, rank_severity, id);
CREATE INDEX cases_by_both ON cases (organization, open, queue, owner, rank_late, rank_due, rank_worth, rank_severity, id);
CREATE INDEX cases_by_subject ON cases (organization, contact, unit, subject, create_time) WHERE unresolved = 1;
CREATE INDEX cases_by_contact ON cases (organization, contact, open, rank_late, rank_due, rank_worth, rank_severity, id) WHERE contact <> '';
CREATE INDEX cases_by_person ON cases (organization, person) WHERE person IS NOT NULL;
CREATE INDEX cases_by_company ON cases (organization, open, company, rank_late, rank_due, rank_worth, rank_severity, id) WHERE company <> '';
CREATE INDEX cases_by_location ON cases (organization, open, location, rank_late, rank_due, rank_worth, rank_severity, id) WHERE location <> '';
CREATE INDEX cases_by_region ON cases (organization, open, region, rank_late, rank_due, rank_worth, rank_severity, id) WHERE region <> '';
-- Whom cases are about, by where they are.
CREATE INDEX cases_of_company ON cases (organization, company, contact) WHERE company <> '';
CREATE INDEX cases_of_location ON cases (organization, location, contact) WHERE location <> '';
CREATE INDEX cases_of_region ON cases (organization, region, contact) WHERE region <> '';
CREATE INDEX cases_by_time ON cases (next_time, organization) WHERE next_time IS NOT NULL;
CREATE INDEX cases_by_time_of ON cases (organization, next_time) WHERE next_time IS NOT NULL;

-- When something of a case is due that is not closed: the case itself, its tasks by their number, what prevents another one.
CREATE TABLE case_dates (
    organization TEXT    NOT NULL,
    case_id      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    owner        TEXT    NOT NULL,
    time         INTEGER NOT NULL,
    done         INTEGER NOT NULL,
    PRIMARY KEY (organization, case_id, kind, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_dates_by_time ON case_dates (organization, time, case_id, kind, number);
CREATE INDEX case_dates_by_owner ON case_dates (organization, owner, time, case_id, kind, number);

-- What cases are about. rule is empty where a person linked it.
CREATE TABLE case_links (
    organization TEXT    NOT NULL,
    case_id      TEXT    NOT NULL,
    resource     TEXT    NOT NULL,
    rule         TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    time         INTEGER NOT NULL,
    PRIMARY KEY (organization, case_id, resource, rule)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_links_by_resource ON case_links (organization, resource, rule);
CREATE INDEX case_links_by_contact ON case_links (organization, contact) WHERE contact <> '';
CREATE INDEX case_links_by_person ON case_links (organization, person) WHERE person IS NOT NULL;

-- What happened to cases. origin is the case to which it happened, also once that was merged into another; request is the caller's identifier of the call.
CREATE TABLE case_entries (
    organization TEXT    NOT NULL,
    case_id      TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    origin       TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    actor        TEXT    NOT NULL,
    request      TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    time         INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, case_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_entries_by_origin ON case_entries (organization, origin, seq);
CREATE INDEX case_entries_by_request ON case_entries (organization, request, kind) WHERE request <> '';
CREATE INDEX case_entries_by_contact ON case_entries (organization, contact) WHERE contact <> '';
CREATE INDEX case_entries_by_person ON case_entries (organization, person) WHERE person IS NOT NULL;

-- When cases were unresolved. end_time is NULL while they are.
CREATE TABLE case_spans (
    organization TEXT    NOT NULL,
    case_id      TEXT    NOT NULL,
    start_time   INTEGER NOT NULL,
    end_time     INTEGER,
    contact      TEXT    NOT NULL,
    person       BLOB,
    PRIMARY KEY (organization, case_id, start_time)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_spans_by_contact ON case_spans (organization, contact, start_time) WHERE contact <> '';
CREATE INDEX case_spans_by_person ON case_spans (organization, person) WHERE person IS NOT NULL;

-- By what cases are opened.
CREATE TABLE case_rules (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    create_time  INTEGER NOT NULL,
    update_time  INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- When organisations work.
CREATE TABLE work_calendars (
    organization TEXT    NOT NULL PRIMARY KEY,
    update_time  INTEGER NOT NULL,
    updated_by   TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    body         BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Circumstances of responses, so that what comments say opens cases: only of organisations with rules about comments, and for some weeks.
CREATE TABLE case_responses (
    organization TEXT    NOT NULL,
    response     TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    time         INTEGER NOT NULL,
    stored       INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, response)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_responses_by_contact ON case_responses (organization, contact) WHERE contact <> '';
CREATE INDEX case_responses_by_person ON case_responses (organization, person) WHERE person IS NOT NULL;
CREATE INDEX case_responses_by_age ON case_responses (stored);

-- What comments said before their response was known here.
CREATE TABLE case_comments (
    organization TEXT    NOT NULL,
    response     TEXT    NOT NULL,
    stored       INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, response)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_comments_by_age ON case_comments (stored);
