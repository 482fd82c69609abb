package relational

import (
	"context"

	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// quarter is a quarter of an hour in microseconds.
	quarter = `900000000`
	// sentimentOfComment is what a comment expresses, neutral where nothing was found.
	sentimentOfComment = `CASE WHEN c.sentiment BETWEEN 1 AND 4 THEN c.sentiment ELSE 2 END`
)

// bySentiment are the columns of counts of rows, by their column s.
func bySentiment() string {
	return `count(*) FILTER (WHERE s = 1), count(*) FILTER (WHERE s = 2), count(*) FILTER (WHERE s = 3), count(*) FILTER (WHERE s = 4)`
}

// group is the expression by which comments are grouped.
func group(by store.Key) string {
	if column, ok := columns[by]; ok {
		return column
	}
	return `''`
}

// CountSentiments implements store.Counts.
func (s *Store) CountSentiments(ctx context.Context, slice store.Slice, by store.Key) ([]store.SentimentCount, error) {
	var where conditions
	where.slice(s.db, slice)
	// The remainder is brought above zero, so that times before 1970 fall into the quarter that they are in.
	query := `SELECT g, q, ` + bySentiment() + ` FROM (
SELECT ` + group(by) + ` AS g, c.count_time - ((c.count_time % ` + quarter + `) + ` + quarter + `) % ` + quarter + ` AS q, ` + sentimentOfComment + ` AS s
FROM comments c WHERE ` + where.text.String() + `) t GROUP BY g, q ORDER BY g, q`
	out, err := listOnce(ctx, s.db, func(row Scanner) (n store.SentimentCount, err error) {
		var at int64
		err = row.Scan(&n.Group, &at, &n.Comments[0], &n.Comments[1], &n.Comments[2], &n.Comments[3])
		n.Quarter = fromMicro(at)
		return n, err
	}, query, where.args...)
	return out, s.db.Explain("count sentiments", err)
}

// AspectEvidence implements store.Counts.
func (s *Store) AspectEvidence(ctx context.Context, slice store.Slice, limit int) (comments []store.Comment, err error) {
	var where conditions
	where.slice(s.db, slice)
	probability := `(SELECT max(e.probability) FROM comment_aspects e WHERE e.organization = c.organization AND e.seq = c.seq` + where.mention("e", slice) + `)`
	return s.evidence(ctx, "read evidence of aspect", &where, probability+` DESC, `, limit)
}

// PhraseEvidence implements store.Counts.
func (s *Store) PhraseEvidence(ctx context.Context, slice store.Slice, phrase uint64, limit int) ([]store.Comment, error) {
	var where conditions
	where.slice(s.db, slice)
	where.and(`EXISTS (SELECT 1 FROM comment_phrases p WHERE p.organization = c.organization AND p.seq = c.seq AND p.key = ` + where.arg(toKey(phrase)) + `)`)
	return s.evidence(ctx, "read evidence of phrase", &where, "", limit)
}

// evidence reads comments that fulfil conditions, in an order, the newest of equals first.
func (s *Store) evidence(ctx context.Context, doing string, where *conditions, order string, limit int) (comments []store.Comment, err error) {
	query := `SELECT ` + commentColumns + commentTables + ` WHERE ` + where.text.String() + ` ORDER BY ` + order + `c.count_time DESC, c.seq DESC LIMIT ` + where.arg(limit)
	err = s.db.View(ctx, func(ctx context.Context, r Reader) error {
		if comments, err = list(ctx, r, scanComment, query, where.args...); err != nil {
			return err
		}
		return countDuplicates(ctx, r, comments)
	})
	if err != nil {
		return nil, s.db.Explain(doing, err)
	}
	return comments, nil
}
