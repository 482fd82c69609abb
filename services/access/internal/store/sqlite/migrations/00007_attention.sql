-- +goose Up

-- Log 3 is the segmentation service's of cases, lights and segments.
INSERT INTO webhook_feed (id, holder, until) VALUES (3, '', 0);
