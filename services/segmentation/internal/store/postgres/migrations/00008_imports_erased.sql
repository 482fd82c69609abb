-- +goose Up

-- Who was erased while an import had not ended: it enters them no more. The rows go when it ends.
CREATE TABLE import_erased (
    organization text COLLATE "C" NOT NULL,
    import       text COLLATE "C" NOT NULL,
    person       bytea NOT NULL,
    PRIMARY KEY (organization, import, person)
);
