package relational

import (
	"cmp"
	"context"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// talliedComment is what is counted of a comment. Texts that occur often are numbers.
type talliedComment struct {
	response int64
	group    int32
	packed   int32
	verdict  int16
	answered bool
	// place is that of what the comment expresses.
	place uint8
}

// names numbers texts.
type names struct {
	numbers map[string]int32
	texts   []string
}

func newNames() *names { return &names{numbers: map[string]int32{}} }

func (n *names) number(text string) int32 {
	if i, ok := n.numbers[text]; ok {
		return i
	}
	i := int32(len(n.texts)) //nolint:gosec // fewer than comments
	n.numbers[text], n.texts = i, append(n.texts, text)
	return i
}

// tally is the comments of a slice, those of a response together.
type tally struct {
	comments       []talliedComment
	groups, packed *names
	// gone are aspects that were deleted and are still to be taken out.
	gone []string
}

// readTally reads what is counted of a slice's comments. Grouping by response is done here: a database that does it sorts all that comments speak of, which
// takes ten times as long.
func (s *Store) readTally(ctx context.Context, slice store.Slice, by store.Key, column string) (*tally, error) {
	var where conditions
	where.slice(s.db, slice)
	t := &tally{groups: newNames(), packed: newNames()}
	query := `SELECT c.response_no, c.verdict, ` + column + `, ` + group(by) + `, ` + sentimentFor(column) + ` FROM comments c WHERE ` + where.text.String()
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) (err error) {
		if t.gone, err = relational.List(ctx, r, relational.Value[string], sqlPendingOf, slice.Organization); err != nil {
			return err
		}
		_, err = relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
			var c talliedComment
			var verdict *int64
			var sentiment int64
			var group, packed string
			if err := row.Scan(&c.response, &verdict, &packed, &group, &sentiment); err != nil {
				return none, err
			}
			if verdict != nil {
				c.answered, c.verdict = true, int16(*verdict) //nolint:gosec // 100 at most
			}
			c.place = uint8(sentiment - 1) //nolint:gosec // from 1 to 4
			c.group, c.packed = t.groups.number(group), t.packed.number(packed)
			t.comments = append(t.comments, c)
			return none, nil
		}, query, where.args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(t.comments, func(a, b talliedComment) int { return cmp.Compare(a.response, b.response) })
	return t, nil
}

// The columns of which a tally is made.
const (
	themesColumn  = `c.themes`
	phrasesColumn = `c.phrases`
)

// sentimentFor is the sentiment of comments where it is counted: themes have their own, and are read from an index without it.
func sentimentFor(column string) string {
	if column == themesColumn {
		return `2`
	}
	return sentimentOfComment
}

// responses are the comments of each response.
func (t *tally) responses(yield func([]talliedComment) bool) {
	for i := 0; i < len(t.comments); {
		j := i + 1
		for j < len(t.comments) && t.comments[j].response == t.comments[i].response {
			j++
		}
		if !yield(t.comments[i:j]) {
			return
		}
		i = j
	}
}

// totals counts responses and comments by group.
func (t *tally) totals() []store.Total {
	totals := make([]store.Total, len(t.groups.texts))
	for i, group := range t.groups.texts {
		totals[i].Group = group
	}
	for comments := range t.responses {
		total := &totals[comments[0].group]
		total.Responses++
		total.Comments += int64(len(comments))
		comments[0].add(&total.NPS)
	}
	slices.SortFunc(totals, func(a, b store.Total) int { return cmp.Compare(a.Group, b.Group) })
	if len(totals) == 0 {
		return nil
	}
	return totals
}

// add adds what the response of a comment answered to the NPS question.
func (c talliedComment) add(m *store.Moments) {
	if c.answered {
		v := int64(c.verdict)
		m.N, m.Sum, m.Squares = m.N+1, m.Sum+v, m.Squares+v*v
	}
}

// join is the place of what was said at one place before and is said at another now.
func join(before, place int) int {
	if before != place {
		return mixed
	}
	return place
}

// CountThemes implements store.Counts.
func (s *Store) CountThemes(ctx context.Context, slice store.Slice, by store.Key) ([]store.ThemeCount, []store.Total, error) {
	t, err := s.readTally(ctx, slice, by, themesColumn)
	if err != nil {
		return nil, nil, s.db.Explain("count themes", err)
	}
	return t.themes(), t.totals(), nil
}

// mention is that a comment names an aspect, which is a number.
type mention struct {
	aspect int32
	place  int
}

// themes counts by group and aspect.
func (t *tally) themes() []store.ThemeCount {
	aspects := newNames()
	// What is packed is unpacked once for each value that occurs.
	unpacked := make([][]mention, len(t.packed.texts))
	for i, packed := range t.packed.texts {
		for place, aspect := range themesOf(packed) {
			if slices.Contains(t.gone, aspect) {
				continue
			}
			m := mention{aspects.number(aspect), place}
			if at := slices.IndexFunc(unpacked[i], func(o mention) bool { return o.aspect == m.aspect }); at >= 0 {
				unpacked[i][at].place = join(unpacked[i][at].place, place)
			} else {
				unpacked[i] = append(unpacked[i], m)
			}
		}
	}
	counts := make([]store.ThemeCount, len(t.groups.texts)*len(aspects.texts))
	for i, group := range t.groups.texts {
		for j, aspect := range aspects.texts {
			counts[i*len(aspects.texts)+j].Group, counts[i*len(aspects.texts)+j].Aspect = group, aspect
		}
	}
	var said []mention
	for comments := range t.responses {
		of := counts[int(comments[0].group)*len(aspects.texts):]
		said = said[:0]
		for _, c := range comments {
			for _, m := range unpacked[c.packed] {
				of[m.aspect].Comments++
				if at := slices.IndexFunc(said, func(o mention) bool { return o.aspect == m.aspect }); at >= 0 {
					said[at].place = join(said[at].place, m.place)
				} else {
					said = append(said, m)
				}
			}
		}
		for _, m := range said {
			of[m.aspect].Responses[m.place]++
			comments[0].add(&of[m.aspect].NPS[m.place])
		}
	}
	counts = slices.DeleteFunc(counts, func(n store.ThemeCount) bool { return n.Comments == 0 })
	slices.SortFunc(counts, func(a, b store.ThemeCount) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Aspect, b.Aspect))
	})
	if len(counts) == 0 {
		return nil
	}
	return counts
}
