-- +goose Up

-- Numbers of others to compare own scores with. Days count from 1970-01-01, and both belong to the period.
CREATE TABLE benchmarks (
    organization text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    series       text COLLATE "C" NOT NULL,
    subject      text COLLATE "C" NOT NULL,
    metric       bigint NOT NULL,
    first_day    bigint NOT NULL,
    last_day     bigint NOT NULL,
    update_time  bigint NOT NULL,
    body         text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE INDEX benchmarks_by_metric ON benchmarks (organization, metric, last_day);
