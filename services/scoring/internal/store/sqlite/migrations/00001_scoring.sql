-- +goose Up

-- How far the change log of the survey service is applied to the live ledgers. One row. as_of in nanoseconds since 1970, 0 when unknown.
CREATE TABLE cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,
    as_of INTEGER NOT NULL
) STRICT;
INSERT INTO cursor (one, position, as_of) VALUES (1, 0, 0);

-- An organisation's records lie in generations: the live one, and while a rebuild runs the one that it fills, which has the rebuild's number. A
-- rebuild that succeeds changes one number. An organisation without a row has the live generation 0.
CREATE TABLE ledgers (
    organization TEXT PRIMARY KEY,
    live INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Generations that nobody uses any more and whose rows have not all been removed.
CREATE TABLE unused (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (organization, generation)
) STRICT, WITHOUT ROWID;

-- Responses and refusals, by position in the change log: new ones lie side by side, so that a batch touches few pages.
CREATE TABLE facts (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    survey TEXT NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (organization, generation, survey, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE refusals (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    survey TEXT NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (organization, generation, survey, position)
) STRICT, WITHOUT ROWID;

-- Which records are stored: 16 bytes of a SHA-256 of kind, survey and identifier. Digests rather than identifiers keep this index,
-- which is written in random order, small enough for the page cache.
CREATE TABLE identifiers (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    digest BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (organization, generation, digest)
) STRICT, WITHOUT ROWID;

-- What became of invitations. refusal is the last refusal, kept beside an answer, too, so that the order of events makes no difference.
CREATE TABLE outcomes (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    survey TEXT NOT NULL,
    invitation TEXT NOT NULL,
    answered INTEGER NOT NULL,
    refusal BLOB,
    PRIMARY KEY (organization, generation, survey, invitation)
) STRICT, WITHOUT ROWID;

-- Packed cells. A batch adds a chunk of level 0 to each span that it touches; chunks of one level are merged into one of the next when there are
-- enough of them. The cells of a span are the sum of all of its chunks.
CREATE TABLE cells (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    survey TEXT NOT NULL,
    span INTEGER NOT NULL,
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    PRIMARY KEY (organization, generation, survey, span, level, position)
) STRICT, WITHOUT ROWID;

-- Surveys of which a response names its respondent.
CREATE TABLE respondents (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    survey TEXT NOT NULL,
    PRIMARY KEY (organization, generation, survey)
) STRICT, WITHOUT ROWID;

-- Events that could not be applied.
CREATE TABLE aside (
    organization TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (organization, generation, position)
) STRICT, WITHOUT ROWID;

-- Rebuilds. The number is also the generation that the rebuild fills; ended is 0 while it runs.
CREATE TABLE rebuilds (
    organization TEXT NOT NULL,
    number INTEGER NOT NULL,
    state INTEGER NOT NULL,
    created INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    read INTEGER NOT NULL,
    cells_changed INTEGER NOT NULL,
    error TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (organization, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX rebuilds_running ON rebuilds (organization) WHERE state = 1;
