-- +goose Up

-- Of whom a message tells, by the pseudonym, where its resource names a contact: an erasure finds it by that. Nobody knows it of messages of before, so that they
-- go now rather than stay after an erasure.
ALTER TABLE webhook_deliveries ADD COLUMN person text;

DELETE FROM webhook_deliveries WHERE resource LIKE 'contacts/%' OR resource LIKE '%/memberships/%';

CREATE INDEX webhook_deliveries_by_person ON webhook_deliveries (organization, person) WHERE person IS NOT NULL;

-- Persons who were erased, by their pseudonyms, and until when what happened to them is told to nobody: what was read of a log before they were erased may be on
-- its way into the table above.
CREATE TABLE erased_persons (
    organization text COLLATE "C" NOT NULL,
    person       text COLLATE "C" NOT NULL,
    until        bigint NOT NULL,
    PRIMARY KEY (organization, person)
);

-- Erasures go by the pseudonyms that progress holds: nobody needs to know who is erased any more, not even sealed. The column stays for processes of the release
-- before, which name it in their statements.
UPDATE erasures SET sealed = NULL WHERE sealed IS NOT NULL;
