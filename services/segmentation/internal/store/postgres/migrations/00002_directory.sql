-- +goose Up

-- Declarations of attributes. Values are kept packed, by the number of their declaration, which is never given again.
CREATE TABLE attributes (
    organization text COLLATE "C" NOT NULL,
    kind         bigint NOT NULL,
    key          text COLLATE "C" NOT NULL,
    number       bigint NOT NULL,
    version      bigint NOT NULL,
    body         text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, kind, key)
);

-- Companies, locations, employees, touchpoints and regions. parent is empty for those that lie in none.
CREATE TABLE units (
    organization text COLLATE "C" NOT NULL,
    kind         bigint NOT NULL,
    id           text COLLATE "C" NOT NULL,
    parent_kind  bigint NOT NULL,
    parent       text COLLATE "C" NOT NULL,
    attributes   bytea,
    body         text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    create_time  bigint NOT NULL,
    update_time  bigint NOT NULL,
    PRIMARY KEY (organization, kind, id)
);

CREATE INDEX units_by_parent ON units (organization, parent_kind, parent, kind, id) WHERE parent <> '';

-- Contacts. Those that were merged name the one that they were merged into. sealed is what is personal, under the key of a person. person is always NULL:
-- identities say by what a contact is known.
CREATE TABLE contacts (
    organization text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    company      text COLLATE "C" NOT NULL,
    location     text COLLATE "C" NOT NULL,
    merged_into  text COLLATE "C" NOT NULL,
    attributes   bytea,
    sealed       bytea,
    key          text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    create_time  bigint NOT NULL,
    update_time  bigint NOT NULL,
    PRIMARY KEY (organization, contact)
);

CREATE INDEX contacts_by_person ON contacts (organization, person) WHERE person IS NOT NULL;
CREATE INDEX contacts_by_company ON contacts (organization, company, contact) WHERE company <> '';
CREATE INDEX contacts_by_location ON contacts (organization, location, contact) WHERE location <> '';
CREATE INDEX contacts_merged ON contacts (organization, merged_into) WHERE merged_into <> '';

-- By what contacts are known. home is the contact whose own identifier it is of, empty for others.
CREATE TABLE identities (
    organization text COLLATE "C" NOT NULL,
    person       bytea    NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    home         text COLLATE "C" NOT NULL,
    channel      text COLLATE "C" NOT NULL,
    sealed       bytea,
    key          text COLLATE "C" NOT NULL,
    claim_time   bigint NOT NULL,
    PRIMARY KEY (organization, person)
);

CREATE INDEX identities_by_contact ON identities (organization, contact, home, claim_time);

-- Merges and splits. contact is where the identities are since; body says which they were, and what else moved.
CREATE TABLE contact_moves (
    organization text COLLATE "C" NOT NULL,
    id           bigint NOT NULL,
    kind         bigint NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    from_contact text COLLATE "C" NOT NULL,
    undone_by    bigint NOT NULL,
    time         bigint NOT NULL,
    body         bytea    NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX contact_moves_by_person ON contact_moves (organization, person) WHERE person IS NOT NULL;
CREATE INDEX contact_moves_to ON contact_moves (organization, contact, id);
CREATE INDEX contact_moves_from ON contact_moves (organization, from_contact, id);

-- Tables that are imported. Those that run have no end_time; touch_time is when something came of the caller last. holder works on it until a time.
CREATE TABLE imports (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    state        bigint NOT NULL,
    body         text COLLATE "C" NOT NULL,
    parts        bigint NOT NULL,
    bytes        bigint NOT NULL,
    checked      bigint NOT NULL,
    refused      bigint NOT NULL,
    position     bigint NOT NULL,
    applied      bigint NOT NULL,
    created      bigint NOT NULL,
    updated      bigint NOT NULL,
    ignored      text COLLATE "C" NOT NULL,
    refusal      text COLLATE "C" NOT NULL,
    create_time  bigint NOT NULL,
    touch_time   bigint NOT NULL,
    end_time     bigint,
    holder       text COLLATE "C" NOT NULL DEFAULT '',
    until        bigint NOT NULL DEFAULT 0,
    tries        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX imports_that_run ON imports (organization, kind) WHERE end_time IS NULL;
CREATE INDEX imports_by_age ON imports (organization, create_time, id);

-- What is uploaded of imports that run.
CREATE TABLE import_parts (
    organization text COLLATE "C" NOT NULL,
    import       text COLLATE "C" NOT NULL,
    part         bigint NOT NULL,
    data         bytea    NOT NULL,
    PRIMARY KEY (organization, import, part)
);

-- Who was erased while an import had not ended: it enters them no more. The rows go when it ends.
CREATE TABLE import_erased (
    organization text COLLATE "C" NOT NULL,
    import       text COLLATE "C" NOT NULL,
    person       bytea NOT NULL,
    PRIMARY KEY (organization, import, person)
);

-- Why rows were refused.
CREATE TABLE import_refusals (
    organization text COLLATE "C" NOT NULL,
    import       text COLLATE "C" NOT NULL,
    no           bigint NOT NULL,
    line         bigint NOT NULL,
    row          bigint NOT NULL,
    field        text COLLATE "C" NOT NULL,
    reason       text COLLATE "C" NOT NULL,
    description  text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, import, no)
);
