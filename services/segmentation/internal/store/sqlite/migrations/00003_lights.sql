-- +goose Up

-- What customers answered, as far as lights rest on it. scores are the rated answers, packed by package light. contact is empty and person NULL where nobody
-- knows who answered.
CREATE TABLE answers (
    organization TEXT NOT NULL,
    survey       TEXT NOT NULL,
    response     TEXT NOT NULL,
    contact      TEXT NOT NULL,
    person       BLOB,
    company      TEXT NOT NULL,
    location     TEXT NOT NULL,
    region       TEXT NOT NULL,
    employee     TEXT NOT NULL,
    count_time   INTEGER NOT NULL,
    scores       BLOB NOT NULL,
    PRIMARY KEY (organization, survey, response)
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_by_contact ON answers (organization, contact, count_time);
CREATE INDEX answers_by_person ON answers (organization, person) WHERE person IS NOT NULL;
CREATE INDEX answers_by_time ON answers (organization, count_time);
-- Who answered where.
CREATE INDEX answers_by_company ON answers (organization, company, contact) WHERE company <> '';
CREATE INDEX answers_by_location ON answers (organization, location, contact) WHERE location <> '';
CREATE INDEX answers_by_region ON answers (organization, region, contact) WHERE region <> '';

-- The policies of organisations, as JSON; that of the greatest version holds.
CREATE TABLE light_policies (
    organization TEXT NOT NULL,
    version      INTEGER NOT NULL,
    policy       TEXT NOT NULL,
    PRIMARY KEY (organization, version)
) STRICT, WITHOUT ROWID;

-- How the answers of an organisation are counted: once by the policy that lights are judged by, and beside it anew by one that is to take its place. state is
-- 1 while it is being counted, up to survey and response; 2 when lights are read from it; 3 when another one took its place and is not compared with it yet;
-- 4 when it is to be deleted. The edges are when its periods begin.
CREATE TABLE light_countings (
    organization TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    survey       TEXT NOT NULL,
    response     TEXT NOT NULL,
    window_edge  INTEGER NOT NULL,
    recent_edge  INTEGER NOT NULL,
    before_edge  INTEGER NOT NULL,
    PRIMARY KEY (organization, generation)
) STRICT, WITHOUT ROWID;

-- Lights, with what they are chosen and ordered by. sums are those of package light. settled is 0 until the light is compared with the one of the generation
-- before.
CREATE TABLE lights (
    organization TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    unit         TEXT NOT NULL,
    sums         BLOB NOT NULL,
    colour       INTEGER NOT NULL,
    mean         REAL NOT NULL,
    answers      INTEGER NOT NULL,
    previous     INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    company      TEXT NOT NULL,
    location     TEXT NOT NULL,
    region       TEXT NOT NULL,
    value        REAL NOT NULL,
    stake        REAL NOT NULL,
    settled      INTEGER NOT NULL,
    PRIMARY KEY (organization, generation, kind, unit)
) STRICT, WITHOUT ROWID;

CREATE INDEX lights_by_colour ON lights (organization, generation, kind, colour, stake DESC, value DESC, mean, unit);
CREATE INDEX lights_by_company ON lights (organization, generation, kind, company, colour, stake DESC, value DESC, mean, unit) WHERE company <> '';
CREATE INDEX lights_by_location ON lights (organization, generation, kind, location, colour, stake DESC, value DESC, mean, unit) WHERE location <> '';
CREATE INDEX lights_by_region ON lights (organization, generation, kind, region, colour, stake DESC, value DESC, mean, unit) WHERE region <> '';
CREATE INDEX lights_unsettled ON lights (organization, generation, kind, unit) WHERE settled = 0;

-- What contacts contribute to lights of others, as package light packs it.
CREATE TABLE light_parts (
    organization TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    contact      TEXT NOT NULL,
    kind         INTEGER NOT NULL,
    unit         TEXT NOT NULL,
    parts        BLOB NOT NULL,
    PRIMARY KEY (organization, generation, contact, kind, unit)
) STRICT, WITHOUT ROWID;

-- How many lights of a kind show a colour.
CREATE TABLE light_counts (
    organization TEXT    NOT NULL,
    generation   INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    colour       INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (organization, generation, kind, colour)
) STRICT, WITHOUT ROWID;
