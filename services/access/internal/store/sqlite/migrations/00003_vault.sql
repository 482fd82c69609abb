-- +goose Up

-- Keys, each encrypted with a key-encryption key (kek), which is kept elsewhere. kind: 1 a person's, id is random; 2 that of an organisation's
-- pseudonyms, id is the organisation; 3 what tells whether a key-encryption key is the right one, id is its name.
CREATE TABLE vault_keys (
    kind INTEGER NOT NULL,
    id   TEXT    NOT NULL,
    kek  TEXT    NOT NULL,
    body BLOB    NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- What has to be wrapped anew.
CREATE INDEX vault_keys_by_kek ON vault_keys (kek) WHERE kind <> 3;
