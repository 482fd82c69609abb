-- +goose Up

-- Log 3 is the segmentation service's of cases, lights and segments.
INSERT INTO webhook_feed (id, holder, until) VALUES (3, '', 0);
-- Log 4 is the reporting service's of what becomes of reports that are made by themselves.
INSERT INTO webhook_feed (id, holder, until) VALUES (4, '', 0);
