-- +goose Up

-- What customers answered, as far as lights rest on it. scores are the rated answers, packed by package light. contact is empty and person NULL where nobody
-- knows who answered.
CREATE TABLE answers (
    organization text COLLATE "C" NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    person       bytea,
    company      text COLLATE "C" NOT NULL,
    location     text COLLATE "C" NOT NULL,
    region       text COLLATE "C" NOT NULL,
    employee     text COLLATE "C" NOT NULL,
    count_time   bigint NOT NULL,
    scores       bytea NOT NULL,
    PRIMARY KEY (organization, survey, response)
);

CREATE INDEX answers_by_contact ON answers (organization, contact, count_time);
CREATE INDEX answers_by_person ON answers (organization, person) WHERE person IS NOT NULL;
CREATE INDEX answers_by_time ON answers (organization, count_time);
-- Who answered where.
CREATE INDEX answers_by_company ON answers (organization, company, contact) WHERE company <> '';
CREATE INDEX answers_by_location ON answers (organization, location, contact) WHERE location <> '';
CREATE INDEX answers_by_region ON answers (organization, region, contact) WHERE region <> '';

-- The policies of organisations, as JSON; that of the greatest version holds.
CREATE TABLE light_policies (
    organization text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    policy       text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, version)
);

-- How the answers of an organisation are counted: once by the policy that lights are judged by, and beside it anew by one that is to take its place. state is
-- 1 while it is being counted, up to survey and response; 2 when lights are read from it; 3 when another one took its place and is not compared with it yet;
-- 4 when it is to be deleted. The edges are when its periods begin.
CREATE TABLE light_countings (
    organization text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    version      bigint NOT NULL,
    state        bigint NOT NULL,
    survey       text COLLATE "C" NOT NULL,
    response     text COLLATE "C" NOT NULL,
    window_edge  bigint NOT NULL,
    recent_edge  bigint NOT NULL,
    before_edge  bigint NOT NULL,
    PRIMARY KEY (organization, generation)
);

-- Lights, with what they are chosen and ordered by. sums are those of package light. settled is 0 until the light is compared with the one of the generation
-- before.
CREATE TABLE lights (
    organization text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    kind         bigint NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    sums         bytea NOT NULL,
    colour       bigint NOT NULL,
    mean         double precision NOT NULL,
    answers      bigint NOT NULL,
    previous     bigint NOT NULL,
    since        bigint NOT NULL,
    company      text COLLATE "C" NOT NULL,
    location     text COLLATE "C" NOT NULL,
    region       text COLLATE "C" NOT NULL,
    value        double precision NOT NULL,
    stake        double precision NOT NULL,
    settled      bigint NOT NULL,
    PRIMARY KEY (organization, generation, kind, unit)
);

CREATE INDEX lights_by_colour ON lights (organization, generation, kind, colour, stake DESC, value DESC, mean, unit);
CREATE INDEX lights_by_company ON lights (organization, generation, kind, company, colour, stake DESC, value DESC, mean, unit) WHERE company <> '';
CREATE INDEX lights_by_location ON lights (organization, generation, kind, location, colour, stake DESC, value DESC, mean, unit) WHERE location <> '';
CREATE INDEX lights_by_region ON lights (organization, generation, kind, region, colour, stake DESC, value DESC, mean, unit) WHERE region <> '';
CREATE INDEX lights_unsettled ON lights (organization, generation, kind, unit) WHERE settled = 0;

-- What contacts contribute to lights of others, as package light packs it.
CREATE TABLE light_parts (
    organization text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    contact      text COLLATE "C" NOT NULL,
    kind         bigint NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    parts        bytea NOT NULL,
    PRIMARY KEY (organization, generation, contact, kind, unit)
);

-- How many lights of a kind show a colour.
CREATE TABLE light_counts (
    organization text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    kind         bigint NOT NULL,
    colour       bigint NOT NULL,
    count        bigint NOT NULL,
    PRIMARY KEY (organization, generation, kind, colour)
);
