-- +goose Up

-- The trace of the call by which a submission was accepted, as a W3C traceparent; NULL when it was not recorded.
ALTER TABLE submissions ADD COLUMN trace TEXT;
