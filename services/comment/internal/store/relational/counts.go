package relational

import (
	"context"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// quarter is a quarter of an hour in microseconds.
	quarter = `900000000`
	// sentiment is what a comment expresses, neutral where nothing was found.
	sentimentOfComment = `CASE WHEN c.sentiment BETWEEN 1 AND 4 THEN c.sentiment ELSE 2 END`
	sentimentOfMention = `CASE WHEN a.sentiment BETWEEN 1 AND 4 THEN a.sentiment ELSE 2 END`
	// merged is the sentiment of what has several: s of the rows that are grouped.
	merged = `CASE WHEN min(s) = max(s) THEN min(s) ELSE 4 END`
)

// moments are the columns of store.Moments over v of the rows that are grouped.
func moments(filter string) string {
	return `count(v)` + filter + `, CAST(COALESCE(sum(v)` + filter + `, 0) AS bigint), CAST(COALESCE(sum(v * v)` + filter + `, 0) AS bigint)`
}

// bySentiment are the columns of counts of rows, by their column s.
func bySentiment() string {
	return `count(*) FILTER (WHERE s = 1), count(*) FILTER (WHERE s = 2), count(*) FILTER (WHERE s = 3), count(*) FILTER (WHERE s = 4)`
}

// momentsBySentiment are the columns of moments of rows, by their column s.
func momentsBySentiment() string {
	var all []string
	for _, s := range []string{"1", "2", "3", "4"} {
		all = append(all, moments(` FILTER (WHERE s = `+s+`)`))
	}
	return strings.Join(all, ", ")
}

// group is the expression by which comments are grouped.
func group(by store.Key) string {
	if column, ok := columns[by]; ok {
		return column
	}
	return `''`
}

// CountThemes implements store.Counts.
func (s *Store) CountThemes(ctx context.Context, slice store.Slice, by store.Key) (themes []store.ThemeCount, totals []store.Total, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r Reader) error {
		var where conditions
		where.slice(s.db, slice)
		g := group(by)
		query := `SELECT g, aspect, CAST(sum(n) AS bigint), ` + bySentiment() + `, ` + momentsBySentiment() + ` FROM (
SELECT ` + g + ` AS g, a.aspect AS aspect, c.response_no AS no, count(DISTINCT c.seq) AS n, max(c.verdict) AS v,
` + strings.ReplaceAll(merged, "(s)", "("+sentimentOfMention+")") + ` AS s
FROM comments c JOIN comment_aspects a ON a.organization = c.organization AND a.seq = c.seq WHERE ` + where.text.String() + `
GROUP BY ` + grouping(by) + `a.aspect, c.response_no) t GROUP BY g, aspect ORDER BY g, aspect`
		if themes, err = list(ctx, r, scanTheme, query, where.args...); err != nil {
			return err
		}
		totals, err = s.countTotals(ctx, r, slice, by)
		return err
	})
	if err != nil {
		return nil, nil, s.db.Explain("count themes", err)
	}
	return themes, totals, nil
}

// grouping are the columns before others by which is grouped, with the comma.
func grouping(by store.Key) string {
	if column, ok := columns[by]; ok {
		return column + ", "
	}
	return ""
}

func scanTheme(row Scanner) (t store.ThemeCount, err error) {
	fields := []any{&t.Group, &t.Aspect, &t.Comments}
	for i := range t.Responses {
		fields = append(fields, &t.Responses[i])
	}
	for i := range t.NPS {
		fields = append(fields, &t.NPS[i].N, &t.NPS[i].Sum, &t.NPS[i].Squares)
	}
	err = row.Scan(fields...)
	return t, err
}

// countTotals counts the responses and comments of a slice by group.
func (s *Store) countTotals(ctx context.Context, r Reader, slice store.Slice, by store.Key) ([]store.Total, error) {
	var where conditions
	where.slice(s.db, slice)
	query := `SELECT g, count(*), CAST(sum(n) AS bigint), ` + moments("") + ` FROM (
SELECT ` + group(by) + ` AS g, c.response_no AS no, count(*) AS n, max(c.verdict) AS v FROM comments c WHERE ` + where.text.String() + `
GROUP BY ` + grouping(by) + `c.response_no) t GROUP BY g ORDER BY g`
	return list(ctx, r, func(row Scanner) (t store.Total, err error) {
		err = row.Scan(&t.Group, &t.Responses, &t.Comments, &t.NPS.N, &t.NPS.Sum, &t.NPS.Squares)
		return t, err
	}, query, where.args...)
}

// CountSentiments implements store.Counts.
func (s *Store) CountSentiments(ctx context.Context, slice store.Slice, by store.Key) ([]store.SentimentCount, error) {
	var where conditions
	where.slice(s.db, slice)
	// The remainder is brought above zero, so that times before 1970 fall into the quarter that they are in.
	query := `SELECT g, q, ` + bySentiment() + ` FROM (
SELECT ` + group(by) + ` AS g, c.count_time - ((c.count_time % ` + quarter + `) + ` + quarter + `) % ` + quarter + ` AS q, ` + sentimentOfComment + ` AS s
FROM comments c WHERE ` + where.text.String() + `) t GROUP BY g, q ORDER BY g, q`
	out, err := list(ctx, s.db, func(row Scanner) (n store.SentimentCount, err error) {
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
