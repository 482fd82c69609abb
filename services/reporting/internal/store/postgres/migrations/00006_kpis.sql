-- +goose Up

-- How key figures of employees are weighed. Versions never change.
CREATE TABLE kpi_versions (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    version      bigint           NOT NULL,
    author       text             NOT NULL,
    made         bigint           NOT NULL,
    body         text             NOT NULL,
    PRIMARY KEY (organization, id, version)
);
