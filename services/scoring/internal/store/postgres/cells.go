package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// chunks are rows of cells, by column.
type chunks struct {
	organizations, surveys []string
	generations            []int64
	spans                  []int32
	// data are the chunks as they are for those who follow, kept as they are for keeping: without rows that are purged, nil when nothing is left.
	data, kept [][]byte
}

func chunksOf(changes []*store.Changes, generations []int64) (*chunks, error) {
	r := &chunks{}
	for i, c := range changes {
		purged := store.PurgedBySpan(c.Purged)
		for _, chunk := range c.Cells {
			kept, _, err := cell.Purge(chunk.Data, purged[store.PurgedSpan{Survey: chunk.Survey, Span: chunk.Span}])
			if err != nil {
				return nil, fmt.Errorf("add cells of survey %s: %w", chunk.Survey, err)
			}
			r.kept = append(r.kept, kept)
			r.organizations = append(r.organizations, c.Ledger.Organization)
			r.generations = append(r.generations, generations[i])
			r.surveys = append(r.surveys, chunk.Survey)
			r.spans = append(r.spans, int32(chunk.Span))
			r.data = append(r.data, chunk.Data)
		}
	}
	return r, nil
}

// add adds the chunks of a batch to the cells.
func (c *chunks) add(f *flight, b *store.Batch) {
	if len(c.data) == 0 {
		return
	}
	partition := b.Partition
	if b.Rebuild != (store.Ledger{}) {
		partition = rebuildPartition
	}
	f.add(`INSERT INTO cells (organization, generation, survey, span, level, partition, version, chunk)
		SELECT organization, generation, survey, span, 0, $1::integer, $2::bigint, chunk
		FROM unnest($3::text[], $4::bigint[], $5::text[], $6::integer[], $7::bytea[]) AS added (organization, generation, survey, span, chunk)
		WHERE chunk IS NOT NULL`,
		partition, b.From.Version+1, c.organizations, c.generations, c.surveys, c.spans, c.kept)
}

// Cells calls fn with the chunks of each span of the live ledgers.
func (s *Store) Cells(ctx context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) (store.Marks, error) {
	var marks store.Marks
	err := s.stream(ctx, func(tx pgx.Tx) (err error) {
		if marks, err = readMarks(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT organization, survey, span, chunk FROM ledgers JOIN cells USING (organization) WHERE generation = live
			ORDER BY organization, survey, span`)
		if err != nil {
			return pgkit.Translate(err)
		}
		return eachSpan(rows, fn)
	})
	if err != nil {
		return store.Marks{}, fmt.Errorf("read cells: %w", err)
	}
	return marks, nil
}

// eachSpan calls fn with the chunks of each span; rows come in the order of spans.
func eachSpan(rows pgx.Rows, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) error {
	defer rows.Close()
	var at place
	var chunks [][]byte
	for rows.Next() {
		var p place
		var chunk []byte
		if err := rows.Scan(&p.organization, &p.survey, &p.span, &chunk); err != nil {
			return pgkit.Translate(err)
		}
		if p != at && len(chunks) > 0 {
			if err := fn(at.organization, at.survey, at.span, chunks); err != nil {
				return err
			}
			chunks = nil
		}
		at, chunks = p, append(chunks, chunk)
	}
	if err := rows.Err(); err != nil {
		return pgkit.Translate(err)
	}
	if len(chunks) == 0 {
		return nil
	}
	return fn(at.organization, at.survey, at.span, chunks)
}
