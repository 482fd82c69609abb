package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Limits of what is kept for followers.
const (
	// deltaTime is how long deltas are kept.
	deltaTime = 3 * time.Minute
	// pruneEvery is how often the old ones of a partition are removed.
	pruneEvery = 10 * time.Second
	// followVersions is how many versions a follower may be behind: reading the cells anew takes less memory than more deltas.
	followVersions = 2000
)

// addDelta keeps what a batch adds to the cells. A batch that adds nothing is kept, too: Follow notices versions that are missing.
func (c *chunks) addDelta(f *flight, b *store.Batch) {
	if len(c.data) == 0 {
		f.add(`INSERT INTO deltas (partition, version, organization, survey, span, chunk) VALUES ($1, $2, '', '', 0, '')`,
			b.Partition, b.From.Version+1)
		return
	}
	f.add(`INSERT INTO deltas (partition, version, organization, survey, span, chunk)
		SELECT $1::integer, $2::bigint, * FROM unnest($3::text[], $4::text[], $5::integer[], $6::bytea[])`,
		b.Partition, b.From.Version+1, c.organizations, c.surveys, c.spans, c.data)
}

// prune removes old deltas of a partition now and then.
func (s *Store) prune(f *flight, partition int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.pruned[partition]) < pruneEvery {
		return
	}
	s.pruned[partition] = now
	f.add(`DELETE FROM deltas WHERE partition = $1 AND stored < now() - $2::interval`, partition, deltaTime)
}

// Follow returns what was added to the cells of the live ledgers.
func (s *Store) Follow(ctx context.Context, since store.Marks) ([]store.Delta, store.Marks, error) {
	// Most often nothing was, which one statement tells.
	now, err := readMarks(ctx, s.db.Pool)
	if err == nil && since.Same(now) {
		return nil, now, nil
	}
	if err == nil {
		err = within(since, now)
	}
	var deltas []store.Delta
	if err == nil {
		deltas, now, err = s.follow(ctx, since)
	}
	if err != nil {
		return nil, store.Marks{}, fmt.Errorf("follow changes: %w", err)
	}
	return deltas, now, nil
}

// within tells by ErrBehind that the deltas between two marks are not to be had.
func within(since, now store.Marks) error {
	if since.Epoch != now.Epoch || len(since.Cursors) != len(now.Cursors) {
		return store.ErrBehind
	}
	total := int64(0)
	for i, c := range now.Cursors {
		behind := c.Version - since.Cursors[i].Version
		if behind < 0 {
			return store.ErrBehind
		}
		total += behind
	}
	if total > followVersions {
		return store.ErrBehind
	}
	return nil
}

// follow reads marks and deltas of one moment.
func (s *Store) follow(ctx context.Context, since store.Marks) (deltas []store.Delta, now store.Marks, err error) {
	partitions := make([]int32, len(since.Cursors))
	versions := make([]int64, len(since.Cursors))
	for i, c := range since.Cursors {
		partitions[i], versions[i] = int32(i), c.Version
	}
	batch := &pgx.Batch{}
	batch.Queue(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`)
	batch.Queue(selectMarks).Query(func(rows pgx.Rows) (err error) {
		now, err = collectMarks(rows)
		return err
	})
	batch.Queue(`SELECT deltas.partition, deltas.version, organization, survey, span, chunk
		FROM unnest($1::integer[], $2::bigint[]) AS since (partition, version)
		JOIN deltas ON deltas.partition = since.partition AND deltas.version > since.version
		ORDER BY deltas.partition, deltas.version, organization, survey, span`, partitions, versions).Query(func(rows pgx.Rows) (err error) {
		if err = within(since, now); err == nil {
			deltas, err = collectDeltas(rows, since, now)
		}
		return err
	})
	batch.Queue(`COMMIT`)
	err = s.db.Pool.SendBatch(ctx, batch).Close()
	return deltas, now, pgkit.Translate(err)
}

// collectDeltas reads deltas. ErrBehind when those of a version are missing.
func collectDeltas(rows pgx.Rows, since, now store.Marks) ([]store.Delta, error) {
	var deltas []store.Delta
	reached := make([]int64, len(since.Cursors))
	for i, c := range since.Cursors {
		reached[i] = c.Version
	}
	for rows.Next() {
		var d store.Delta
		var c cell.Chunk
		if err := rows.Scan(&d.Partition, &d.Version, &d.Organization, &c.Survey, &c.Span, &c.Data); err != nil {
			return nil, err
		}
		if d.Version > reached[d.Partition]+1 {
			return nil, store.ErrBehind
		}
		reached[d.Partition] = d.Version
		if d.Organization == "" {
			continue
		}
		if n := len(deltas); n == 0 || deltas[n-1].Partition != d.Partition || deltas[n-1].Version != d.Version || deltas[n-1].Organization != d.Organization {
			deltas = append(deltas, d)
		}
		last := &deltas[len(deltas)-1]
		last.Cells = append(last.Cells, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i, c := range now.Cursors {
		if reached[i] != c.Version {
			return nil, store.ErrBehind
		}
	}
	return deltas, nil
}
