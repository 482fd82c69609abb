-- +goose Up

-- Keys, each encrypted with a key-encryption key (kek), which is kept elsewhere. kind: 1 a person's, id is random; 2 that of an organisation's
-- pseudonyms, id is the organisation; 3 what tells whether a key-encryption key is the right one, id is its name. Keys belong to no organisation
-- before they are used, and nothing in the table tells who uses them.
CREATE TABLE vault_keys (
    kind smallint NOT NULL,
    id   text COLLATE "C" NOT NULL,
    kek  text COLLATE "C" NOT NULL,
    body bytea    NOT NULL,
    PRIMARY KEY (kind, id)
);

-- What has to be wrapped anew.
CREATE INDEX vault_keys_by_kek ON vault_keys (kek) WHERE kind <> 3;
