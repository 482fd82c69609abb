-- +goose Up

-- Rows that are written to files: pending (1), running (2), succeeded (3), failed (4), cancelled (5). Who holds one works on it until then.
CREATE TABLE exports (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    creator      text COLLATE "C" NOT NULL,
    state        bigint NOT NULL,
    create_time  bigint NOT NULL,
    begin_time   bigint,
    end_time     bigint,
    expire_time  bigint NOT NULL,
    holder       text COLLATE "C" NOT NULL,
    held_until   bigint NOT NULL,
    written      bigint NOT NULL,
    bytes        bigint NOT NULL,
    parts        bigint NOT NULL,
    position     bigint NOT NULL,
    cursor       bytea,
    total        bigint NOT NULL,
    failure      text COLLATE "C" NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX exports_of ON exports (organization, creator, create_time, id);
CREATE INDEX exports_to_make ON exports (create_time) WHERE state IN (1, 2);
CREATE INDEX exports_to_forget ON exports (expire_time);

-- Parts of their files, compressed and sealed, from a place in the file on.
CREATE TABLE export_parts (
    organization text COLLATE "C" NOT NULL,
    export       text COLLATE "C" NOT NULL,
    number       bigint NOT NULL,
    place        bigint NOT NULL,
    size         bigint NOT NULL,
    sealed       bytea NOT NULL,
    PRIMARY KEY (organization, export, number)
);

CREATE INDEX export_parts_by_place ON export_parts (organization, export, place);
