-- +goose Up

-- Reports that there are, with the newest version of each.
CREATE TABLE reports (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    version      bigint           NOT NULL,
    PRIMARY KEY (organization, id)
);

-- Versions, which never change and outlive their report.
CREATE TABLE report_versions (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    version      bigint           NOT NULL,
    author       text             NOT NULL,
    made         bigint           NOT NULL,
    body         text             NOT NULL,
    PRIMARY KEY (organization, id, version)
);

-- What reports were made of, without a number of theirs.
CREATE TABLE report_renditions (
    organization text COLLATE "C" NOT NULL,
    fingerprint  text COLLATE "C" NOT NULL,
    made         bigint           NOT NULL,
    body         text             NOT NULL,
    PRIMARY KEY (organization, fingerprint)
);

CREATE INDEX report_renditions_made ON report_renditions (made);
