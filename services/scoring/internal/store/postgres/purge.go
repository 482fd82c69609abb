package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// purge is a chunk out of which rows are taken.
type purge struct {
	place
	level, partition int
	version          int64
	// before is the digest of the chunk as it was read, after what is left of it, nil when nothing is.
	before [sha256.Size]byte
	after  []byte
}

// purgesOf reads the chunks that hold rows which changes purge.
func (s *Store) purgesOf(ctx context.Context, changes []*store.Changes, generations []int64) ([]purge, error) {
	var list []purge
	for i, c := range changes {
		for at, rows := range store.PurgedBySpan(c.Purged) {
			found, err := s.holding(ctx, place{c.Ledger.Organization, generations[i], at.Survey, at.Span}, rows)
			if err != nil {
				return nil, fmt.Errorf("purge rows of survey %s: %w", at.Survey, pgkit.Translate(err))
			}
			list = append(list, found...)
		}
	}
	// Transactions that change the same chunks take them in the same order.
	slices.SortFunc(list, func(a, b purge) int {
		return cmp.Or(cmp.Compare(a.organization, b.organization), cmp.Compare(a.generation, b.generation), cmp.Compare(a.survey, b.survey),
			cmp.Compare(a.span, b.span), cmp.Compare(a.level, b.level), cmp.Compare(a.partition, b.partition), cmp.Compare(a.version, b.version))
	})
	return list, nil
}

// holding reads the chunks of a span that hold some of the rows.
func (s *Store) holding(ctx context.Context, p place, purged map[uint64]bool) ([]purge, error) {
	rows, err := s.db.Pool.Query(ctx, `SELECT level, partition, version, chunk FROM cells WHERE `+inPlace, p.args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []purge
	for rows.Next() {
		x := purge{place: p}
		var chunk []byte
		if err := rows.Scan(&x.level, &x.partition, &x.version, &chunk); err != nil {
			return nil, err
		}
		rest, found, err := cell.Purge(chunk, purged)
		if err != nil {
			return nil, err
		}
		if found {
			x.before, x.after = sha256.Sum256(chunk), rest
			list = append(list, x)
		}
	}
	return list, rows.Err()
}

// add adds the change to a flight, which ends with errChunk when the chunk was merged or changed meanwhile.
func (p *purge) add(f *flight) {
	const where = inPlace + ` AND level = $5 AND partition = $6 AND version = $7 AND sha256(chunk) = $8`
	args := p.args(p.level, p.partition, p.version, p.before[:])
	if p.after == nil {
		f.guardChange(errChunk, `DELETE FROM cells WHERE `+where, args...)
		return
	}
	f.guardChange(errChunk, `UPDATE cells SET chunk = $9 WHERE `+where, append(args, p.after)...)
}
