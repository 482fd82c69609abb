-- +goose Up

-- Lists of an organisation's surveys, those created last first.
CREATE UNIQUE INDEX surveys_by_age ON surveys (organization, num);
