-- +goose Up

-- Who was erased while an import had not ended: it enters them no more. The rows go when it ends.
CREATE TABLE import_erased (
    organization TEXT NOT NULL,
    import       TEXT NOT NULL,
    person       BLOB NOT NULL,
    PRIMARY KEY (organization, import, person)
) STRICT, WITHOUT ROWID;
