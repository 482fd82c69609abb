-- +goose Up

-- Keys compare byte by byte, whatever language the database sorts by. Every key begins with the organisation, but for that of secrets, and no
-- key refers to another table. Times are nanoseconds since 1970. Bodies are JSON.

-- Keys of programs. A revoked key stays, so that what it did can be told from what another did.
CREATE TABLE api_keys (
    organization  text COLLATE "C" NOT NULL,
    id            text COLLATE "C" NOT NULL,
    version       bigint NOT NULL,
    create_time   bigint NOT NULL,
    expire_time   bigint,
    revoke_time   bigint,
    last_use_time bigint,
    body          text   NOT NULL,
    PRIMARY KEY (organization, id)
);

-- Lists, the newest first.
CREATE INDEX api_keys_by_age ON api_keys (organization, create_time, id);

-- Whom the identity provider vouches for. email_key is the address as it is compared. administrator says that the member is enabled and may
-- manage members.
CREATE TABLE members (
    organization    text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    version         bigint NOT NULL,
    subject         text COLLATE "C",
    email_key       text COLLATE "C",
    administrator   boolean NOT NULL,
    create_time     bigint NOT NULL,
    last_login_time bigint,
    body            text   NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX members_by_age ON members (organization, create_time, id);
CREATE UNIQUE INDEX members_by_subject ON members (organization, subject) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX members_by_email ON members (organization, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX members_who_administer ON members (organization) WHERE administrator;

-- What invitations stand for. respondent is sealed where there is a vault; person finds what is about somebody.
CREATE TABLE invitations (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    invitation   text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    person       text COLLATE "C",
    respondent   bytea,
    create_time  bigint NOT NULL,
    expire_time  bigint NOT NULL,
    revoke_time  bigint,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX invitations_by_invitation ON invitations (organization, invitation);
CREATE INDEX invitations_by_person ON invitations (organization, person) WHERE person IS NOT NULL;
CREATE INDEX invitations_by_end ON invitations (expire_time);

-- The digests of all secrets, which are all that a caller is looked up by, with what they belong to: a key (1), a member as a session (2) or an
-- invitation (3).
CREATE TABLE secrets (
    sha256        bytea  NOT NULL PRIMARY KEY,
    organization  text COLLATE "C" NOT NULL,
    kind          smallint NOT NULL,
    owner         text COLLATE "C" NOT NULL,
    hint          text   NOT NULL,
    create_time   bigint NOT NULL,
    expire_time   bigint,
    last_use_time bigint
);

CREATE INDEX secrets_by_owner ON secrets (organization, kind, owner);
CREATE INDEX secrets_by_end ON secrets (expire_time) WHERE expire_time IS NOT NULL;
