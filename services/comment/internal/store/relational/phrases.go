package relational

import (
	"context"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// CountPhrases implements store.Counts.
func (s *Store) CountPhrases(ctx context.Context, slice store.Slice, least int64, limit int) ([]store.PhraseCount, store.Total, error) {
	return s.countPhrases(ctx, slice, nil, func(where *conditions) string {
		return ` HAVING count(*) >= ` + where.arg(least) + ` ORDER BY 2 DESC, 1 LIMIT ` + where.arg(limit)
	})
}

// CountPhrasesOf implements store.Counts.
func (s *Store) CountPhrasesOf(ctx context.Context, slice store.Slice, of []uint64) ([]store.PhraseCount, store.Total, error) {
	if len(of) == 0 {
		of = []uint64{}
	}
	return s.countPhrases(ctx, slice, of, func(*conditions) string { return ` ORDER BY 2 DESC, 1` })
}

// countPhrases counts phrases; of all with nil. The tail says which of them are returned.
func (s *Store) countPhrases(ctx context.Context, slice store.Slice, of []uint64, tail func(*conditions) string) (phrases []store.PhraseCount, total store.Total, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r Reader) error {
		totals, err := s.countTotals(ctx, r, slice, store.Ungrouped)
		if err != nil {
			return err
		}
		if len(totals) > 0 {
			total = totals[0]
		}
		if of != nil && len(of) == 0 {
			return nil
		}
		var where conditions
		where.slice(s.db, slice)
		where.keys(of)
		query := `SELECT key, count(*), ` + bySentiment() + ` FROM (
SELECT p.key AS key, c.response_no AS no, ` + strings.ReplaceAll(merged, "(s)", "("+sentimentOfComment+")") + ` AS s
FROM comments c JOIN comment_phrases p ON p.organization = c.organization AND p.seq = c.seq WHERE ` + where.text.String() + `
GROUP BY p.key, c.response_no) t GROUP BY key` + tail(&where)
		phrases, err = list(ctx, r, func(row Scanner) (p store.PhraseCount, err error) {
			var key, n int64
			err = row.Scan(&key, &n, &p.Responses[0], &p.Responses[1], &p.Responses[2], &p.Responses[3])
			p.Key = fromKey(key)
			return p, err
		}, query, where.args...)
		if err != nil {
			return err
		}
		return s.writePhrases(ctx, r, slice, phrases)
	})
	if err != nil {
		return nil, store.Total{}, s.db.Explain("count phrases", err)
	}
	return phrases, total, nil
}

// keys adds that a phrase p is one of these; all with nil.
func (c *conditions) keys(of []uint64) {
	if of == nil {
		return
	}
	in := make([]string, len(of))
	for i, key := range of {
		in[i] = c.arg(toKey(key))
	}
	c.and("p.key IN (" + strings.Join(in, ", ") + ")")
}

// phrasesAtOnce bounds the parameters of a query.
const phrasesAtOnce = 500

// writePhrases fills how phrases are written most often in a slice.
func (s *Store) writePhrases(ctx context.Context, r Reader, slice store.Slice, phrases []store.PhraseCount) error {
	places := map[int64]int{}
	for i, p := range phrases {
		places[toKey(p.Key)] = i
	}
	most := map[int64]int64{}
	for part := range slices.Chunk(phrases, phrasesAtOnce) {
		var where conditions
		where.slice(s.db, slice)
		var of []uint64
		for _, p := range part {
			of = append(of, p.Key)
		}
		where.keys(of)
		query := `SELECT p.key, p.text, count(*) FROM comments c JOIN comment_phrases p ON p.organization = c.organization AND p.seq = c.seq WHERE ` +
			where.text.String() + ` GROUP BY p.key, p.text ORDER BY p.key, 3 DESC, p.text`
		_, err := list(ctx, r, func(row Scanner) (struct{}, error) {
			var key, n int64
			var text string
			if err := row.Scan(&key, &text, &n); err != nil {
				return struct{}{}, err
			}
			if n > most[key] {
				most[key], phrases[places[key]].Text = n, text
			}
			return struct{}{}, nil
		}, query, where.args...)
		if err != nil {
			return err
		}
	}
	return nil
}
