package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// Evidence is chosen by narrow rows, those of what comments speak of, before the few bodies are read that are given back. The databases go on from what stands
// first in CROSS JOIN.

// AspectEvidence implements store.Counts.
func (s *Store) AspectEvidence(ctx context.Context, slice store.Slice, limit int) ([]store.Comment, error) {
	chosen, one := slice, slice.Aspect != "" && slice.AspectSentiment != store.NoSentiment
	chosen.Aspect, chosen.AspectSentiment = "", store.NoSentiment
	var where conditions
	where.and("m.organization = " + where.arg(slice.Organization) + where.mention("m", slice))
	where.and("c.organization = m.organization AND c.seq = m.seq")
	where.slice(s.db, chosen)
	// A comment names an aspect with a sentiment once: these are read in the order of the index, as many as are wanted.
	probability, group := "m.probability", ""
	if !one {
		probability, group = "max(m.probability)", " GROUP BY m.seq, c.count_time"
	}
	query := `SELECT m.seq, c.count_time, ` + probability + ` AS weight FROM comment_aspects m CROSS JOIN comments c WHERE ` + where.text.String() + group +
		` ORDER BY 3 DESC, c.count_time DESC, m.seq DESC LIMIT ` + where.arg(limit)
	return s.evidence(ctx, "read evidence of aspect", slice.Organization, query, "e.weight DESC, ", &where)
}

// PhraseEvidence implements store.Counts.
func (s *Store) PhraseEvidence(ctx context.Context, slice store.Slice, phrase uint64, limit int) ([]store.Comment, error) {
	var where conditions
	where.and("p.organization = " + where.arg(slice.Organization) + " AND p.key = " + where.arg(toKey(phrase)))
	where.and("c.organization = p.organization AND c.seq = p.seq")
	where.slice(s.db, slice)
	query := `SELECT p.seq, c.count_time FROM comment_phrases p CROSS JOIN comments c WHERE ` + where.text.String() +
		` ORDER BY c.count_time DESC, p.seq DESC LIMIT ` + where.arg(limit)
	return s.evidence(ctx, "read evidence of phrase", slice.Organization, query, "", &where)
}

// evidence reads the comments that a query chose, in an order, the newest of equals first.
func (s *Store) evidence(ctx context.Context, doing, organization, chosen, order string, where *conditions) (comments []store.Comment, err error) {
	query := `SELECT ` + commentColumns + ` FROM (` + chosen + `) e CROSS JOIN comments c CROSS JOIN comment_bodies b CROSS JOIN responses r
WHERE c.organization = ` + where.arg(organization) + ` AND c.seq = e.seq AND b.organization = c.organization AND b.seq = c.seq
AND r.organization = c.organization AND r.no = c.response_no ORDER BY ` + order + `c.count_time DESC, c.seq DESC`
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		if comments, err = relational.List(ctx, r, scanComment, query, where.args...); err != nil {
			return err
		}
		return countDuplicates(ctx, r, comments)
	})
	if err != nil {
		return nil, s.db.Explain(doing, err)
	}
	return comments, nil
}
