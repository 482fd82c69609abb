-- +goose Up

-- How many responses and refusals the outcome was made of; 0 when that is not known, as of those from before it was counted.
ALTER TABLE outcomes ADD COLUMN records integer NOT NULL DEFAULT 0;

-- What was taken away from the live ledgers by each erasure.
CREATE TABLE erasures (
    organization text COLLATE "C" NOT NULL,
    erasure text COLLATE "C" NOT NULL,
    responses bigint NOT NULL,
    refusals bigint NOT NULL,
    aside bigint NOT NULL,
    PRIMARY KEY (organization, erasure)
);

-- Blocks of answers that are only released together, by survey and in the order in which they were formed. They hold positions of the change
-- log, so that they outlast rebuilds.
CREATE TABLE releases (
    number bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    block bytea NOT NULL,
    PRIMARY KEY (organization, survey, number)
);
