package relational

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// commentColumns are those that scanComment reads, of commentTables.
	commentColumns = `c.organization, c.survey, c.response, c.id, c.seq, c.question, c.count_time, c.receive_time, c.answer_language, c.touchpoint, c.channel, c.location, c.region,
c.company, c.nps, r.person, r.attributes, b.original, c.likeness, b.score, b.text, b.sealed, b.key, b.analysis, b.previous, b.correction,
` + deletedColumn
	commentTables = ` FROM comments c JOIN comment_bodies b ON b.organization = c.organization AND b.seq = c.seq
JOIN responses r ON r.organization = c.organization AND r.no = c.response_no`

	refCondition     = `c.organization = $1 AND c.survey = $2 AND c.response = $3 AND c.id = $4`
	sqlSelectComment = `SELECT ` + commentColumns + commentTables + ` WHERE ` + refCondition
)

// GetComment implements store.Comments.
func (s *Store) GetComment(ctx context.Context, ref store.Ref, units store.Units) (c store.Comment, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		c, err = getComment(ctx, r, ref, units)
		return err
	})
	if err != nil {
		return store.Comment{}, s.db.Explain("get comment", err)
	}
	return c, nil
}

func getComment(ctx context.Context, r relational.Reader, ref store.Ref, units store.Units) (store.Comment, error) {
	c, err := relational.One(ctx, r, scanComment, sqlSelectComment, ref.Organization, ref.Survey, ref.Response, ref.ID)
	if err != nil {
		return store.Comment{}, notFound(err)
	}
	if !within(c.Context, units) {
		return store.Comment{}, store.ErrNotFound
	}
	comments := []store.Comment{c}
	err = countDuplicates(ctx, r, comments)
	return comments[0], err
}

// ListComments implements store.Comments.
func (s *Store) ListComments(ctx context.Context, q store.CommentQuery) (comments []store.Comment, more bool, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		var where conditions
		where.slice(s.db, q.Slice)
		comments, more, err = s.listComments(ctx, r, q, &where)
		return err
	})
	if err != nil {
		return nil, false, s.db.Explain("list comments", err)
	}
	return comments, more, nil
}

// listComments reads a page of the comments that fulfil conditions.
func (s *Store) listComments(ctx context.Context, r relational.Reader, q store.CommentQuery, where *conditions) ([]store.Comment, bool, error) {
	const newest = `c.count_time DESC, c.seq DESC`
	var join, order, offset string
	switch {
	case q.ByRank && q.Slice.Words != nil && len(q.Slice.Words.All) > 0:
		var condition, rank string
		join, condition, rank = s.db.Rank(q.Slice.Words, where.arg)
		if condition != "" {
			where.and(condition)
		}
		order, offset = rank+", "+newest, ` OFFSET `+strconv.Itoa(q.Offset)
	case q.ByRank:
		order, offset = newest, ` OFFSET `+strconv.Itoa(q.Offset)
	default:
		where.before(q.Before)
		order = newest
	}
	query := `SELECT ` + commentColumns + commentTables + join + ` WHERE ` + where.text.String() + ` ORDER BY ` + order + ` LIMIT ` + where.arg(q.Limit+1) + offset
	found, err := relational.List(ctx, r, scanComment, query, where.args...)
	if err != nil {
		return nil, false, err
	}
	comments, more := relational.Page(found, q.Limit)
	return comments, more, countDuplicates(ctx, r, comments)
}

// before adds that the comment c comes after the mark in a list of the newest first.
func (c *conditions) before(m store.Mark) {
	if m != (store.Mark{}) {
		c.and("(c.count_time, c.seq) < (" + c.arg(relational.ToMicro(m.CountTime)) + ", " + c.arg(m.Seq) + ")")
	}
}

const sqlCountSimilar = `SELECT survey, likeness, count(*) FROM comments WHERE organization = $1 AND likeness <> 0 AND (survey, likeness) IN (`

// countDuplicates fills how many others are like each of the comments, which are of one organisation.
func countDuplicates(ctx context.Context, r relational.Reader, comments []store.Comment) error {
	type like struct {
		survey  string
		similar uint64
	}
	counts := map[like]int{}
	for _, c := range comments {
		if c.Similar != 0 {
			counts[like{c.Survey, c.Similar}] = 0
		}
	}
	if len(counts) == 0 {
		return nil
	}
	where := conditions{args: []any{comments[0].Organization}}
	var pairs []string
	for k := range counts {
		pairs = append(pairs, "("+where.arg(k.survey)+", CAST("+where.arg(int64(k.similar))+" AS bigint))") //nolint:gosec // the bits are kept
	}
	_, err := relational.List(ctx, r, func(row relational.Scanner) (struct{}, error) {
		var k like
		var similar int64
		var n int
		err := row.Scan(&k.survey, &similar, &n)
		k.similar = uint64(similar) //nolint:gosec // the bits are kept
		counts[k] = n
		return struct{}{}, err
	}, sqlCountSimilar+inPairs(pairs)+`) GROUP BY survey, likeness`, where.args...)
	if err != nil {
		return err
	}
	for i, c := range comments {
		comments[i].Duplicates = max(0, counts[like{c.Survey, c.Similar}]-1)
	}
	return nil
}

// inPairs are the values of IN over rows, as both databases take them.
func inPairs(pairs []string) string { return `VALUES ` + strings.Join(pairs, ", ") }

const (
	sqlGroups = `SELECT c.likeness, count(*), min(c.count_time), max(c.count_time) FROM comments c WHERE `
	// newestOfGroup is how many comments of a group of duplicates are told.
	newestOfGroup = 20
)

// ListDuplicates implements store.Comments.
func (s *Store) ListDuplicates(ctx context.Context, q store.CommentQuery) (groups []store.DuplicateGroup, more bool, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		groups, more, err = s.listDuplicates(ctx, r, q)
		return err
	})
	if err != nil {
		return nil, false, s.db.Explain("list duplicates", err)
	}
	return groups, more, nil
}

func (s *Store) listDuplicates(ctx context.Context, r relational.Reader, q store.CommentQuery) ([]store.DuplicateGroup, bool, error) {
	var where conditions
	where.slice(s.db, q.Slice)
	where.and("c.likeness <> 0")
	query := sqlGroups + where.text.String() + ` GROUP BY c.likeness HAVING count(*) > 1 ORDER BY 2 DESC, 4 DESC, 1 LIMIT ` + where.arg(q.Limit+1) + ` OFFSET ` + where.arg(q.Offset)
	var similar []int64
	found, err := relational.List(ctx, r, func(row relational.Scanner) (g store.DuplicateGroup, err error) {
		var key, first, last int64
		err = row.Scan(&key, &g.Count, &first, &last)
		g.First, g.Last = relational.FromMicro(first), relational.FromMicro(last)
		similar = append(similar, key)
		return g, err
	}, query, where.args...)
	if err != nil {
		return nil, false, err
	}
	groups, more := relational.Page(found, q.Limit)
	for i := range groups {
		var where conditions
		where.slice(s.db, q.Slice)
		where.and("c.likeness = " + where.arg(similar[i]))
		newest, _, err := s.listComments(ctx, r, store.CommentQuery{Limit: newestOfGroup}, &where)
		if err != nil {
			return nil, false, err
		}
		for _, c := range newest {
			groups[i].Newest = append(groups[i].Newest, c.Ref)
		}
		if len(newest) > 0 {
			groups[i].Text = newest[0].Text
		}
	}
	return groups, more, nil
}

// verdict is what a person says of the firm: 100 for a promoter, 0 for a passive, -100 for a detractor; nil when nothing was answered.
func verdict(nps *float64) *int64 {
	if nps == nil || math.IsNaN(*nps) {
		return nil
	}
	var v int64
	switch {
	case *nps >= 9:
		v = 100
	case *nps < 7:
		v = -100
	}
	return &v
}
