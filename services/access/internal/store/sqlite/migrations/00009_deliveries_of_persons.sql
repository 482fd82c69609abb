-- +goose Up

-- Of whom a message tells, by the pseudonym, where its resource names a contact: an erasure finds it by that.
ALTER TABLE webhook_deliveries ADD COLUMN person TEXT;

CREATE INDEX webhook_deliveries_by_person ON webhook_deliveries (organization, person) WHERE person IS NOT NULL;
