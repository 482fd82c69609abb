-- +goose Up

-- Text is compared by bytes: orders are the same on every server, whatever its locale.

-- Bookkeeping, small: where Citus distributes the records, these tables stay on the coordinator.

-- What is known of all ledgers together. One row, from the first use on.
CREATE TABLE board (
    one integer PRIMARY KEY CHECK (one = 1),
    epoch bigint NOT NULL,
    partitions integer NOT NULL
);

-- How far each partition of the survey service's change log is applied to the live ledgers. as_of in nanoseconds since 1970, 0 when unknown.
CREATE TABLE cursors (
    partition integer PRIMARY KEY,
    position bigint NOT NULL,
    as_of bigint NOT NULL,
    version bigint NOT NULL
);

-- What each batch added to the cells of live ledgers, for other processes to follow; kept for some minutes. Each version has a row, one
-- without organisation when the batch added nothing, so that whoever follows notices what is missing. That is why the table may be
-- unlogged: a crash of the server empties it, and those who follow read the cells anew.
CREATE UNLOGGED TABLE deltas (
    partition integer NOT NULL,
    version bigint NOT NULL,
    stored timestamptz NOT NULL DEFAULT now(),
    span integer NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    chunk bytea NOT NULL,
    PRIMARY KEY (partition, version, organization, survey, span)
);

-- An organisation's records lie in generations: the live one, and while a rebuild runs the one that it fills. A rebuild that succeeds changes
-- one number. newest is the last generation that was given out.
CREATE TABLE ledgers (
    organization text COLLATE "C" PRIMARY KEY,
    live bigint NOT NULL,
    newest bigint NOT NULL
);

-- Generations that nobody uses any more and whose rows have not all been removed.
CREATE TABLE unused (
    organization text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (organization, generation)
);

-- Rebuilds. Moments in nanoseconds since 1970; ended is 0 while it runs. generation is the one that the rebuild fills.
CREATE TABLE rebuilds (
    organization text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    generation bigint NOT NULL,
    state integer NOT NULL,
    created bigint NOT NULL,
    ended bigint NOT NULL,
    read bigint NOT NULL,
    cells_changed bigint NOT NULL,
    error text NOT NULL,
    position bigint NOT NULL,
    version bigint NOT NULL,
    owner text NOT NULL,
    beat bigint NOT NULL,
    PRIMARY KEY (organization, number)
);
CREATE UNIQUE INDEX rebuilds_running ON rebuilds (organization) WHERE state = 1;

-- The records. Every key begins with the organisation, by which the tables can be distributed.

-- Responses and refusals, by position in the change log. received is when the answer was accepted: it decides in which partition of the table the
-- row lies. That an identifier is stored once is the business of another table, which knows nothing of time.
CREATE TABLE facts (
    generation bigint NOT NULL,
    position bigint NOT NULL,
    received timestamptz NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (organization, generation, survey, position, received)
) PARTITION BY RANGE (received);
CREATE TABLE facts_default PARTITION OF facts DEFAULT;

CREATE TABLE refusals (
    generation bigint NOT NULL,
    position bigint NOT NULL,
    received timestamptz NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (organization, generation, survey, position, received)
) PARTITION BY RANGE (received);
CREATE TABLE refusals_default PARTITION OF refusals DEFAULT;

-- Which records are stored: 16 bytes of a SHA-256 of kind, survey and identifier. Digests rather than identifiers keep this index,
-- which is written in random order, small enough for memory. uuid is the type of 16 bytes that takes no more room than that. Rows stay
-- when the partitions of their records are detached.
CREATE TABLE identifiers (
    generation bigint NOT NULL,
    digest uuid NOT NULL,
    organization text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, generation, digest)
);

-- What became of invitations, whose names may hold any bytes. refusal is the last refusal, kept beside an answer, too, so that the order of
-- events makes no difference.
CREATE TABLE outcomes (
    generation bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    answered boolean NOT NULL,
    invitation bytea NOT NULL,
    refusal bytea,
    PRIMARY KEY (organization, generation, survey, invitation)
);

-- Packed cells. A batch adds a chunk of level 0 to each span that it touches; chunks of one level are merged into one of the next when there are
-- enough of them. The cells of a span are the sum of all of its chunks. partition and version tell chunks apart: those of the batch, or of
-- the newest of the chunks that were merged; the partition of a rebuild's batches is -1.
CREATE TABLE cells (
    generation bigint NOT NULL,
    version bigint NOT NULL,
    span integer NOT NULL,
    level integer NOT NULL,
    partition integer NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    chunk bytea NOT NULL,
    PRIMARY KEY (organization, generation, survey, span, level, partition, version)
);

-- Surveys of which a response names its respondent.
CREATE TABLE respondents (
    generation bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    survey text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, generation, survey)
);

-- Events that could not be applied.
CREATE TABLE aside (
    generation bigint NOT NULL,
    position bigint NOT NULL,
    time bigint NOT NULL,
    organization text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    event bytea NOT NULL,
    PRIMARY KEY (organization, generation, position)
);
