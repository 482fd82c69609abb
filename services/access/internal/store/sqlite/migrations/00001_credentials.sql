-- +goose Up

-- Times are nanoseconds since 1970. Bodies are JSON.

-- Keys of programs. A revoked key stays, so that what it did can be told from what another did.
CREATE TABLE api_keys (
    organization  TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    create_time   INTEGER NOT NULL,
    expire_time   INTEGER,
    revoke_time   INTEGER,
    last_use_time INTEGER,
    body          TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- Lists, the newest first.
CREATE INDEX api_keys_by_age ON api_keys (organization, create_time, id);

-- Whom the identity provider vouches for. email_key is the address as it is compared. administrator says that the member is enabled and may
-- manage members.
CREATE TABLE members (
    organization    TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    subject         TEXT,
    email_key       TEXT,
    administrator   INTEGER NOT NULL,
    create_time     INTEGER NOT NULL,
    last_login_time INTEGER,
    body            TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_age ON members (organization, create_time, id);
CREATE UNIQUE INDEX members_by_subject ON members (organization, subject) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX members_by_email ON members (organization, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX members_who_administer ON members (organization) WHERE administrator = 1;

-- What invitations stand for. respondent is sealed where there is a vault; person finds what is about somebody.
CREATE TABLE invitations (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    invitation   TEXT    NOT NULL,
    survey       TEXT    NOT NULL,
    person       TEXT,
    respondent   BLOB,
    create_time  INTEGER NOT NULL,
    expire_time  INTEGER NOT NULL,
    revoke_time  INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX invitations_by_invitation ON invitations (organization, invitation);
CREATE INDEX invitations_by_person ON invitations (organization, person) WHERE person IS NOT NULL;
CREATE INDEX invitations_by_end ON invitations (expire_time);

-- The digests of all secrets, which are all that a caller is looked up by, with what they belong to: a key (1), a member as a session (2) or an
-- invitation (3).
CREATE TABLE secrets (
    sha256        BLOB    NOT NULL PRIMARY KEY,
    organization  TEXT    NOT NULL,
    kind          INTEGER NOT NULL,
    owner         TEXT    NOT NULL,
    hint          TEXT    NOT NULL,
    create_time   INTEGER NOT NULL,
    expire_time   INTEGER,
    last_use_time INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX secrets_by_owner ON secrets (organization, kind, owner);
-- With the owner, so that what ends at the same time is not in the order of its digests, which is no order to add to.
CREATE INDEX secrets_by_end ON secrets (expire_time, owner) WHERE expire_time IS NOT NULL;
