-- +goose Up

-- How far the logs of other services were read, and who reads them: a row for each. 1 is the survey service's change log, 2 the scoring service's
-- log of alerts.
CREATE TABLE webhook_feeds (
    id       INTEGER NOT NULL PRIMARY KEY,
    position INTEGER,
    holder   TEXT    NOT NULL,
    until    INTEGER NOT NULL
) STRICT;

INSERT INTO webhook_feeds (id, position, holder, until) SELECT id, position, holder, until FROM webhook_feed;
INSERT INTO webhook_feeds (id, holder, until) VALUES (2, '', 0);
DROP TABLE webhook_feed;
ALTER TABLE webhook_feeds RENAME TO webhook_feed;
