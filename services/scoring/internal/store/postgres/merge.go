package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// fanout is the number of chunks of one level, of whatever partitions of the log, that are merged into one of the next: each cell is written
// again once per level.
const fanout = 8

// settledLevel is added to the level of chunks that are not merged any more.
const settledLevel = 100

// mergedPlaces is the most spans that are merged at a time.
const mergedPlaces = 64

// countedPlaces is the most spans whose chunks are counted: what is forgotten beyond is merged later.
const countedPlaces = 1 << 17

// tidy merges chunks of spans that have many, after a batch that was stored. The batch does not depend on it: what fails is tried again after
// some more batches.
func (s *Store) tidy(ctx context.Context, changes []*store.Changes, generations []int64) {
	due := s.full(changes, generations)
	if len(due) == 0 {
		return
	}
	if !s.merging.TryLock() {
		s.postpone(due)
		return
	}
	defer s.merging.Unlock()
	if err := s.merge(ctx, due); err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "packed scores cannot be merged; they are later", "error", pgkit.Translate(err))
	}
}

// full counts the chunks of a batch and returns the spans for which it is time to merge, in order.
func (s *Store) full(changes []*store.Changes, generations []int64) []place {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.appended) > countedPlaces {
		clear(s.appended)
	}
	var due []place
	for i, c := range changes {
		for _, chunk := range c.Cells {
			p := place{c.Ledger.Organization, generations[i], chunk.Survey, chunk.Span}
			if s.appended[p]++; s.appended[p] >= fanout && len(due) < mergedPlaces {
				delete(s.appended, p)
				due = append(due, p)
			}
		}
	}
	slices.SortFunc(due, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.organization, b.organization), cmp.Compare(a.generation, b.generation), cmp.Compare(a.survey, b.survey),
			cmp.Compare(a.span, b.span))
	})
	return due
}

// postpone makes spans due again with the next batch that touches them.
func (s *Store) postpone(places []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range places {
		s.appended[p] = fanout
	}
}

// heap is what is being merged of one span.
type heap struct {
	place
	chunks [][]byte
	// counts are the numbers of chunks on the levels above 0; level is the highest one that is merged.
	counts map[int]int
	level  int
	// partition and version are the key of one of the chunks, which the merged one inherits: nobody else can have it.
	partition int
	version   int64
}

// merge merges the chunks of level 0 of spans, and those of the levels above that get full. Chunks are taken by deleting them, so that of several
// processes one gets each.
func (s *Store) merge(ctx context.Context, places []place) error {
	heaps := make([]*heap, len(places))
	for i, p := range places {
		heaps[i] = &heap{place: p, counts: make(map[int]int)}
	}
	return s.db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		err := mergeHeaps(ctx, conn.Conn(), heaps)
		return errors.Join(err, rollback(ctx, conn.Conn()))
	})
}

func mergeHeaps(ctx context.Context, conn *pgx.Conn, heaps []*heap) error {
	first := &pgx.Batch{}
	first.Queue(`BEGIN`)
	// A merge that is lost in a crash changes nothing, and one that another process has begun is left to it.
	first.Queue(`SET LOCAL synchronous_commit = off`)
	first.Queue(`SET LOCAL lock_timeout = 1000`)
	for _, h := range heaps {
		h.takeLowest(first)
	}
	if err := conn.SendBatch(ctx, first).Close(); err != nil {
		return fmt.Errorf("take chunks: %w", err)
	}
	second := &pgx.Batch{}
	for _, h := range heaps {
		h.takeFull(second)
	}
	if second.Len() > 0 {
		if err := conn.SendBatch(ctx, second).Close(); err != nil {
			return fmt.Errorf("take chunks: %w", err)
		}
	}
	third := &pgx.Batch{}
	for _, h := range heaps {
		if err := h.put(third); err != nil {
			return err
		}
	}
	third.Queue(`COMMIT`)
	if err := conn.SendBatch(ctx, third).Close(); err != nil {
		return fmt.Errorf("put chunks: %w", err)
	}
	return nil
}

// inPlace is the condition that cells belong to a span; its parameters are those of args.
const inPlace = `organization = $1 AND generation = $2 AND survey = $3 AND span = $4`

func (p place) args(more ...any) []any {
	return append([]any{p.organization, p.generation, p.survey, int32(p.span)}, more...)
}

// takeLowest takes the chunks of level 0 and counts those above.
func (h *heap) takeLowest(batch *pgx.Batch) {
	batch.Queue(`DELETE FROM cells WHERE `+inPlace+` AND level = 0 RETURNING partition, version, chunk`, h.args()...).Query(h.take)
	batch.Queue(`SELECT level, count(*) FROM cells WHERE `+inPlace+` AND level > 0 GROUP BY level`, h.args()...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var level, n int
			if err := rows.Scan(&level, &n); err != nil {
				return err
			}
			h.counts[level] = n
		}
		return rows.Err()
	})
}

// takeFull takes the chunks of the levels that the merged one fills.
func (h *heap) takeFull(batch *pgx.Batch) {
	if len(h.chunks) == 0 {
		return
	}
	for h.counts[h.level+1]+1 >= fanout {
		h.level++
	}
	if h.level > 0 {
		batch.Queue(`DELETE FROM cells WHERE `+inPlace+` AND level BETWEEN 1 AND $5 RETURNING partition, version, chunk`, h.args(h.level)...).Query(h.take)
	}
}

func (h *heap) take(rows pgx.Rows) error {
	for rows.Next() {
		var chunk []byte
		if err := rows.Scan(&h.partition, &h.version, &chunk); err != nil {
			return err
		}
		h.chunks = append(h.chunks, chunk)
	}
	return rows.Err()
}

// put adds the merged chunk; none when the chunks cancel out.
func (h *heap) put(batch *pgx.Batch) error {
	if len(h.chunks) == 0 {
		return nil
	}
	merged, err := cell.Merge(h.span, h.chunks...)
	if err != nil {
		return fmt.Errorf("merge cells of survey %s: %w", h.survey, err)
	}
	rest, settled, err := cell.Settle(merged)
	if err != nil {
		return fmt.Errorf("merge cells of survey %s: %w", h.survey, err)
	}
	for at, chunk := range map[int][]byte{h.level + 1: rest, settledLevel + h.level + 1: settled} {
		if chunk != nil {
			batch.Queue(`INSERT INTO cells (organization, generation, survey, span, level, partition, version, chunk) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				h.args(at, h.partition, h.version, chunk)...)
		}
	}
	return nil
}
