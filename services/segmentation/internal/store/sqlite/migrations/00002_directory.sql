-- +goose Up

-- Declarations of attributes. Values are kept packed, by the number of their declaration, which is never given again.
CREATE TABLE attributes (
    organization TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    key          TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, kind, key)
) STRICT, WITHOUT ROWID;

-- Companies, locations, employees, touchpoints and regions. parent is empty for those that lie in none.
CREATE TABLE units (
    organization TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    parent_kind  INTEGER NOT NULL,
    parent       TEXT    NOT NULL,
    attributes   BLOB,
    body         TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    update_time  INTEGER NOT NULL,
    PRIMARY KEY (organization, kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX units_by_parent ON units (organization, parent_kind, parent, kind, id) WHERE parent <> '';

-- Contacts. Those that were merged name the one that they were merged into. sealed is what is personal, under the key of a person. person is always NULL:
-- identities say by what a contact is known.
CREATE TABLE contacts (
    organization TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    company      TEXT    NOT NULL,
    location     TEXT    NOT NULL,
    merged_into  TEXT    NOT NULL,
    attributes   BLOB,
    sealed       BLOB,
    key          TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    update_time  INTEGER NOT NULL,
    PRIMARY KEY (organization, contact)
) STRICT, WITHOUT ROWID;

CREATE INDEX contacts_by_person ON contacts (organization, person) WHERE person IS NOT NULL;
CREATE INDEX contacts_by_company ON contacts (organization, company, contact) WHERE company <> '';
CREATE INDEX contacts_by_location ON contacts (organization, location, contact) WHERE location <> '';
CREATE INDEX contacts_merged ON contacts (organization, merged_into) WHERE merged_into <> '';

-- By what contacts are known. home is the contact whose own identifier it is of, empty for others.
CREATE TABLE identities (
    organization TEXT    NOT NULL,
    person       BLOB    NOT NULL,
    contact      TEXT    NOT NULL,
    home         TEXT    NOT NULL,
    channel      TEXT    NOT NULL,
    sealed       BLOB,
    key          TEXT    NOT NULL,
    claim_time   INTEGER NOT NULL,
    PRIMARY KEY (organization, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_contact ON identities (organization, contact, home, claim_time);

-- Merges and splits. contact is where the identities are since; body says which they were, and what else moved.
CREATE TABLE contact_moves (
    organization TEXT    NOT NULL,
    id           INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    contact      TEXT    NOT NULL,
    person       BLOB,
    from_contact TEXT    NOT NULL,
    undone_by    INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX contact_moves_by_person ON contact_moves (organization, person) WHERE person IS NOT NULL;
CREATE INDEX contact_moves_to ON contact_moves (organization, contact, id);
CREATE INDEX contact_moves_from ON contact_moves (organization, from_contact, id);

-- Tables that are imported. Those that run have no end_time; touch_time is when something came of the caller last. holder works on it until a time.
CREATE TABLE imports (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    state        INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    parts        INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    checked      INTEGER NOT NULL,
    refused      INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    applied      INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    ignored      TEXT    NOT NULL,
    refusal      TEXT    NOT NULL,
    create_time  INTEGER NOT NULL,
    touch_time   INTEGER NOT NULL,
    end_time     INTEGER,
    holder       TEXT    NOT NULL DEFAULT '',
    until        INTEGER NOT NULL DEFAULT 0,
    tries        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE UNIQUE INDEX imports_that_run ON imports (organization, kind) WHERE end_time IS NULL;
CREATE INDEX imports_by_age ON imports (organization, create_time, id);

-- What is uploaded of imports that run.
CREATE TABLE import_parts (
    organization TEXT    NOT NULL,
    import       TEXT    NOT NULL,
    part         INTEGER NOT NULL,
    data         BLOB    NOT NULL,
    PRIMARY KEY (organization, import, part)
) STRICT;

-- Who was erased while an import had not ended: it enters them no more. The rows go when it ends.
CREATE TABLE import_erased (
    organization TEXT NOT NULL,
    import       TEXT NOT NULL,
    person       BLOB NOT NULL,
    PRIMARY KEY (organization, import, person)
) STRICT, WITHOUT ROWID;

-- Why rows were refused.
CREATE TABLE import_refusals (
    organization TEXT    NOT NULL,
    import       TEXT    NOT NULL,
    no           INTEGER NOT NULL,
    line         INTEGER NOT NULL,
    row          INTEGER NOT NULL,
    field        TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    PRIMARY KEY (organization, import, no)
) STRICT, WITHOUT ROWID;

-- What the planner cannot know of tables that are empty when it plans first: there are few organisations, and many things of each.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('identities', 'identities', '1000000 100000 1'),
    ('identities', 'identities_by_contact', '1000000 100000 2 2 2'),
    ('units', 'units', '100000 100000 20000 1'),
    ('units', 'units_by_parent', '100000 100000 30000 10 10 1');
ANALYZE sqlite_schema;
