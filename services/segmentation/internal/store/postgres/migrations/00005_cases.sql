-- +goose Up

-- What has to be seen to. open is 1 until it is closed, unresolved 1 until it is resolved. unit says what a case is about where no contact is known. rank_late is 0
-- where a promise was broken and 1 where none was, rank_due until when it is to be resolved (the greatest number: never), rank_worth and rank_severity the value and
-- the severity times -1: in the order of these and of the identifier cases are seen to. next_time is when time does something to a case.
CREATE TABLE cases (
    organization  text COLLATE "C" NOT NULL,
    id            text COLLATE "C" NOT NULL,
    state         bigint NOT NULL,
    open          bigint NOT NULL,
    unresolved    bigint NOT NULL,
    queue         text COLLATE "C" NOT NULL,
    owner         text COLLATE "C" NOT NULL,
    subject       text COLLATE "C" NOT NULL,
    unit          text COLLATE "C" NOT NULL,
    contact       text COLLATE "C" NOT NULL,
    person        bytea,
    company       text COLLATE "C" NOT NULL,
    location      text COLLATE "C" NOT NULL,
    region        text COLLATE "C" NOT NULL,
    employee      text COLLATE "C" NOT NULL,
    rank_late     bigint NOT NULL,
    rank_due      bigint NOT NULL,
    rank_worth    double precision NOT NULL,
    rank_severity bigint NOT NULL,
    next_time     bigint,
    create_time   bigint NOT NULL,
    update_time   bigint NOT NULL,
    version       bigint NOT NULL,
    body          bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

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
    organization text COLLATE "C" NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    number       bigint NOT NULL,
    owner        text COLLATE "C" NOT NULL,
    time         bigint NOT NULL,
    done         bigint NOT NULL,
    PRIMARY KEY (organization, case_id, kind, number)
);

CREATE INDEX case_dates_by_time ON case_dates (organization, time, case_id, kind, number);
CREATE INDEX case_dates_by_owner ON case_dates (organization, owner, time, case_id, kind, number);

-- What cases are about. rule is empty where a person linked it.
CREATE TABLE case_links (
    organization text COLLATE "C" NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    resource     text COLLATE "C" NOT NULL,
    rule         text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    time         bigint NOT NULL,
    PRIMARY KEY (organization, case_id, resource, rule)
);

CREATE INDEX case_links_by_resource ON case_links (organization, resource, rule);
CREATE INDEX case_links_by_contact ON case_links (organization, contact) WHERE contact <> '';
CREATE INDEX case_links_by_person ON case_links (organization, person) WHERE person IS NOT NULL;

-- What happened to cases. origin is the case to which it happened, also once that was merged into another; request is the caller's identifier of the call.
CREATE TABLE case_entries (
    organization text COLLATE "C" NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    origin       text COLLATE "C" NOT NULL,
    kind         bigint NOT NULL,
    actor        text COLLATE "C" NOT NULL,
    request      text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    time         bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, case_id, seq)
);

CREATE INDEX case_entries_by_origin ON case_entries (organization, origin, seq);
CREATE INDEX case_entries_by_request ON case_entries (organization, request, kind) WHERE request <> '';
CREATE INDEX case_entries_by_contact ON case_entries (organization, contact) WHERE contact <> '';
CREATE INDEX case_entries_by_person ON case_entries (organization, person) WHERE person IS NOT NULL;

-- When cases were unresolved. end_time is NULL while they are.
CREATE TABLE case_spans (
    organization text COLLATE "C" NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    start_time   bigint NOT NULL,
    end_time     bigint,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    PRIMARY KEY (organization, case_id, start_time)
);

CREATE INDEX case_spans_by_contact ON case_spans (organization, contact, start_time) WHERE contact <> '';
CREATE INDEX case_spans_by_person ON case_spans (organization, person) WHERE person IS NOT NULL;

-- By what cases are opened.
CREATE TABLE case_rules (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    create_time  bigint NOT NULL,
    update_time  bigint NOT NULL,
    version      bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

-- When organisations work.
CREATE TABLE work_calendars (
    organization text COLLATE "C" NOT NULL PRIMARY KEY,
    update_time  bigint NOT NULL,
    updated_by   text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    body         bytea NOT NULL
);

-- Circumstances of responses, so that what comments say opens cases: only of organisations with rules about comments, and for some weeks.
CREATE TABLE case_responses (
    organization text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    time         bigint NOT NULL,
    stored       bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, response)
);

CREATE INDEX case_responses_by_contact ON case_responses (organization, contact) WHERE contact <> '';
CREATE INDEX case_responses_by_person ON case_responses (organization, person) WHERE person IS NOT NULL;
CREATE INDEX case_responses_by_age ON case_responses (stored);

-- What comments said before their response was known here.
CREATE TABLE case_comments (
    organization text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    stored       bigint NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, response)
);

CREATE INDEX case_comments_by_age ON case_comments (stored);
