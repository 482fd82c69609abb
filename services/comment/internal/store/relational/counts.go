package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
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
func (s *Store) CountSentiments(ctx context.Context, slice store.Slice, by store.Key) (counts []store.SentimentCount, responses int64, err error) {
	var where conditions
	where.slice(s.db, slice)
	// The remainder is brought above zero, so that times before 1970 fall into the quarter that they are in.
	query := `SELECT g, q, ` + bySentiment() + ` FROM (
SELECT ` + group(by) + ` AS g, c.count_time - ((c.count_time % ` + quarter + `) + ` + quarter + `) % ` + quarter + ` AS q, ` + sentimentOfComment + ` AS s
FROM comments c WHERE ` + where.text.String() + `) t GROUP BY g, q ORDER BY g, q`
	scan := func(row relational.Scanner) (n store.SentimentCount, err error) {
		var at int64
		err = row.Scan(&n.Group, &at, &n.Comments[0], &n.Comments[1], &n.Comments[2], &n.Comments[3])
		n.Quarter = relational.FromMicro(at)
		return n, err
	}
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		if counts, err = relational.List(ctx, r, scan, query, where.args...); err != nil {
			return err
		}
		responses, err = relational.One(ctx, r, relational.Value[int64], `SELECT count(DISTINCT c.response_no) FROM comments c WHERE `+where.text.String(), where.args...)
		return err
	})
	if err != nil {
		return nil, 0, s.db.Explain("count sentiments", err)
	}
	return counts, responses, nil
}
