package population

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
)

const (
	// mostCompared is how many values of a text are compared at most; of one with more values each is of few contacts.
	mostCompared = 50
	// leastAnswered is of how many contacts with a score a group must be, and all others, to be compared.
	leastAnswered = 10
	// level is that of intervals, and 1 less the share of false discoveries.
	level95 = 0.95
)

// Contrast compares the scores of a group with those of all others.
type Contrast struct {
	// Description says in English who is in the group, Rule as a rule.
	Description, Rule string
	// Count is how many are in the group.
	Count int
	// In and Out are the scores of those who answered in the group and outside.
	In, Out stat.Moments
	// Difference is the difference of the means, nil where it is not determined; Q is its p-value, adjusted for how many were compared.
	Difference *stat.MeanDifference
	Q          float64
}

// Contrast compares the scores of a set with those of all others.
func (p *Population) Contrast(set *Set) Contrast {
	in, out := tally{}, tally{}
	for at, v := range p.scores() {
		switch {
		case v != v:
		case set.Has(at):
			in.add(v)
		default:
			out.add(v)
		}
	}
	c := Contrast{Count: set.Len(), In: in.moments(), Out: out.moments()}
	if c.test() {
		c.Q = c.Difference.Test.P
	}
	return c
}

// test tests the difference; false where it is not determined.
func (c *Contrast) test() bool {
	if c.In.N < 2 || c.Out.N < 2 {
		return false
	}
	d, err := stat.Welch(c.In, c.Out, level95)
	if err != nil {
		// The scores do not vary: errors.Is(err, stat.ErrUndefined). Nothing else can be wrong with moments of numbers.
		return false
	}
	c.Difference = &d
	return true
}

// scores are the contacts' mean scores.
func (p *Population) scores() []float64 {
	at, _ := p.schema.Lookup(segment.ScoreMean)
	return p.columns[at].numbers
}

// tally adds up numbers (Welford).
type tally struct{ n, mean, squares float64 }

func (t *tally) add(v float64) {
	t.n++
	d := v - t.mean
	t.mean += d / t.n
	t.squares += d * (v - t.mean)
}

// merge adds what another tally has.
func (t *tally) merge(o tally) {
	if o.n == 0 {
		return
	}
	n, d := t.n+o.n, o.mean-t.mean
	t.squares += o.squares + d*d*t.n*o.n/n
	t.mean += d * o.n / n
	t.n = n
}

func (t tally) moments() stat.Moments {
	m := stat.Moments{N: t.n, Mean: t.mean}
	if t.n > 1 {
		m.Variance = t.squares / (t.n - 1)
	}
	return m
}

// group is contacts who have something in common.
type group struct {
	description, rule string
	count             int
	scores            tally
}

// Contrasts compares the scores by every attribute that is not itself a score, and returns the groups that differ with a share of false discoveries of 5 % at
// most, the greatest difference first, and how many were compared.
func (p *Population) Contrasts() (differ []Contrast, compared int, err error) {
	var all []Contrast
	for at, a := range p.schema.Attributes() {
		if strings.HasPrefix(a.Name, "score.") || strings.HasPrefix(a.Name, "light.") {
			continue
		}
		groups := p.groups(at, a)
		for i, g := range groups {
			var others tally
			for j, o := range groups {
				if i != j {
					others.merge(o.scores)
				}
			}
			if g.scores.n < leastAnswered || others.n < leastAnswered || g.rule == "" {
				continue
			}
			c := Contrast{Description: g.description, Rule: g.rule, Count: g.count, In: g.scores.moments(), Out: others.moments()}
			if c.test() {
				all = append(all, c)
			}
		}
	}
	tests := make([]float64, len(all))
	for i, c := range all {
		tests[i] = c.Difference.Test.P
	}
	adjusted, err := stat.BenjaminiHochberg(tests)
	if err != nil {
		return nil, 0, fmt.Errorf("adjust for how many were compared: %w", err)
	}
	for i, q := range adjusted {
		if all[i].Q = q; q <= 1-level95 {
			differ = append(differ, all[i])
		}
	}
	slices.SortStableFunc(differ, func(a, b Contrast) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Difference.Difference), math.Abs(a.Difference.Difference)), cmp.Compare(a.Rule, b.Rule))
	})
	return differ, len(all), nil
}

// groups divides all contacts by an attribute. Those of whom it is not known are a group without a rule.
func (p *Population) groups(at int, a segment.Attribute) []group {
	switch c := &p.columns[at]; a.Type {
	case segment.Text, segment.Flag:
		if len(c.values) > mostCompared+1 {
			return nil
		}
		groups := make([]group, len(c.values))
		for code, v := range c.values[1:] {
			groups[code+1].rule, groups[code+1].description = a.Name+" == "+strconv.Quote(fmt.Sprint(v)), fmt.Sprintf("%s is %q", a.Name, v)
			if holds, isFlag := v.(bool); isFlag {
				groups[code+1].rule, groups[code+1].description = a.Name, a.Name
				if !holds {
					groups[code+1].rule, groups[code+1].description = "!"+a.Name, "not "+a.Name
				}
			}
		}
		p.enter(groups, func(row int) int { return int(c.codes[row]) })
		return groups
	case segment.Number:
		known := slices.DeleteFunc(slices.Clone(c.numbers), func(v float64) bool { return v != v })
		cuts := rfm.CutsOf(known)
		groups := make([]group, len(cuts)+2)
		for i := range len(cuts) + 1 {
			groups[i+1].description, groups[i+1].rule = between(a.Name, cuts, i)
		}
		p.enter(groups, func(row int) int {
			if v := c.numbers[row]; v == v {
				return cuts.Place(v)
			}
			return 0
		})
		return groups
	}
	return nil
}

// enter counts every contact in its group.
func (p *Population) enter(groups []group, of func(row int) int) {
	for row, score := range p.scores() {
		g := &groups[of(row)]
		g.count++
		if score == score {
			g.scores.add(score)
		}
	}
}

// between says who is in a fifth.
func between(name string, cuts rfm.Cuts, fifth int) (description, rule string) {
	var words, conditions []string
	least := math.Inf(-1)
	if fifth > 0 {
		least = cuts[fifth-1] //nolint:gosec // there is one cut less than fifths
	}
	if math.IsInf(least, 1) {
		// Nobody is as high.
		return "", ""
	}
	if fifth > 0 {
		from := segment.WriteNumber(least)
		words, conditions = append(words, "from "+from), append(conditions, name+" >= "+from)
	}
	if fifth < len(cuts) && !math.IsInf(cuts[fifth], 1) {
		to := segment.WriteNumber(cuts[fifth])
		words, conditions = append(words, "below "+to), append(conditions, name+" < "+to)
	}
	if len(conditions) == 0 {
		return "", ""
	}
	return name + " " + strings.Join(words, " and "), strings.Join(conditions, " && ")
}

// ErrNoNumber tells that an attribute is no number.
var ErrNoNumber = errors.New("the attribute is no number")

// Known returns the rows of which all of some numbers are known, and the numbers, by attribute. Errors: ErrNoNumber, with the place of the attribute.
func (p *Population) Known(attributes []int) (rows []int, columns [][]float64, err error) {
	for _, at := range attributes {
		if p.columns[at].numbers == nil {
			return nil, nil, fmt.Errorf("%s: %w", p.schema.Attributes()[at].Name, ErrNoNumber)
		}
	}
	columns = make([][]float64, len(attributes))
	for row := range p.Len() {
		if slices.ContainsFunc(attributes, func(at int) bool { return math.IsNaN(p.columns[at].numbers[row]) }) {
			continue
		}
		rows = append(rows, row)
		for i, at := range attributes {
			columns[i] = append(columns[i], p.columns[at].numbers[row])
		}
	}
	return rows, columns, nil
}
