package questionnaire

import (
	"fmt"
	"slices"
)

// MaxGroups is the most groups of a questionnaire.
const MaxGroups = 100

// Group are questions that are shown together.
type Group struct {
	// ID is how questions name the group.
	ID string
	// Title is what the respondent reads above them; nil for nothing.
	Title Text
	// Matrix tells that they are shown as a table of their values or options, which all of them share.
	Matrix bool
}

// groups checks the groups, and that the questions of each follow one another.
func (c *checker) groups(base string) {
	if n := len(c.q.Groups); n > MaxGroups {
		c.v.Add(base+".groups", ReasonGroupsTooMany, fmt.Sprintf("the questionnaire has %d groups; keep at most %d", n, MaxGroups))
	}
	members := make(map[string][]int, len(c.q.Groups))
	for i := range c.q.Questions {
		if id := c.q.Questions[i].Group; id != "" {
			members[id] = append(members[id], i)
		}
	}
	first := make(map[string]int, len(c.q.Groups))
	for i, g := range c.q.Groups {
		path := fmt.Sprintf("%s.groups[%d]", base, i)
		if j, ok := first[g.ID]; ok {
			c.v.Add(path+".id", ReasonGroupIDDuplicate, fmt.Sprintf("groups[%d] has the id %q too; give each group an id of its own", j, excerpt(g.ID)))
			continue
		}
		first[g.ID] = i
		if g.Title != nil {
			c.text(path+".title", g.Title)
		}
		if len(members[g.ID]) == 0 {
			c.v.Add(path+".id", ReasonGroupEmpty, fmt.Sprintf("no question is in the group %q; name it in `group` of a question, or leave the group out", excerpt(g.ID)))
		}
	}
	for i := range c.q.Questions {
		q := &c.q.Questions[i]
		if q.Group == "" {
			continue
		}
		path := fmt.Sprintf("%s.questions[%d]", base, i)
		at, known := first[q.Group]
		head := members[q.Group][0]
		switch {
		case !known:
			c.v.Add(path+".group", ReasonGroupUnknown, fmt.Sprintf("the questionnaire has no group %q; add it to `groups`, or leave it out", excerpt(q.Group)))
		case i > head && c.q.Questions[i-1].Group != q.Group:
			c.v.Add(path+".group", ReasonGroupScattered,
				fmt.Sprintf("another question stands between this one and questions[%d] of the group %q; the questions of a group follow one another", head, excerpt(q.Group)))
		case c.q.Groups[at].Matrix:
			c.row(path, &c.q.Questions[head], q)
		}
	}
}

// row checks a question of a table against the first one of it.
func (c *checker) row(path string, head, q *Question) {
	switch {
	case !q.Kind.Scored() && q.Kind != Choice:
		c.v.Add(path+".group", ReasonMatrixMixed, "a table shows questions with a scale or options; put this one into a group of LAYOUT_LIST")
	case q.Kind != head.Kind || q.HighIsHard != head.HighIsHard || q.Multiple != head.Multiple:
		c.v.Add(path+".group", ReasonMatrixMixed, fmt.Sprintf("it is of another kind than %q, the first question of the table; its rows are all of one kind", excerpt(head.ID)))
	case q.Kind.Scored() && q.EffectiveScale().fixed() != head.EffectiveScale().fixed():
		c.v.Add(path+".group", ReasonMatrixMixed,
			fmt.Sprintf("its scale %s is not the scale %s of %q, the first question of the table", q.EffectiveScale().ID(), head.EffectiveScale().ID(), excerpt(head.ID)))
	case !slices.EqualFunc(q.Options, head.Options, func(a, b Option) bool { return a.ID == b.ID }):
		c.v.Add(path+".group", ReasonMatrixMixed, fmt.Sprintf("its options are not those of %q, the first question of the table", excerpt(head.ID)))
	}
}
