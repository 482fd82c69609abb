package membership

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cluster"
	"github.com/otklik/otklik/services/segmentation/internal/population"
	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// mostSampled is by how many contacts groups are found; who belongs to them is said of all.
const mostSampled = 10_000

// Contrast compares the scores of those of whom a rule holds with those of all others.
func (p *People) Contrast(rule *segment.Rule, now time.Time) population.Contrast {
	c := p.Population.Contrast(p.Plan(rule, now).Evaluate())
	c.Rule = rule.Text()
	return c
}

// suggestion is a rule that is offered.
func (p *People) suggestion(description, text string, now time.Time) (population.Contrast, error) {
	rule, err := segment.Compile(p.Fields.Schema, text)
	if err != nil {
		return population.Contrast{}, fmt.Errorf("compile %q: %w", text, err)
	}
	c := p.Contrast(rule, now)
	c.Description = description
	return c, nil
}

// Customers are customers who are in the same fifths.
type Customers struct {
	rfm.Place
	Count int
	// Amount is what they paid in all, in units of the currency.
	Amount float64
}

// CustomersIn returns the customers who bought in a currency, which need not be that of which rules speak, by their fifths, the best first.
func CustomersIn(ctx context.Context, s Store, organization, currency string, now time.Time) (store.RFMTable, []Customers, error) {
	table, _, customers, err := placed(ctx, s, organization, currency, now)
	if err != nil {
		return table, nil, err
	}
	var found cellsOf
	for _, c := range customers {
		found.add(table.Table.Place(c), c.Monetary)
	}
	return table, found.sorted(), nil
}

// cellsOf are customers by their fifths.
type cellsOf map[rfm.Place]*Customers

// add adds a customer who paid an amount.
func (c *cellsOf) add(at rfm.Place, amount float64) {
	if *c == nil {
		*c = cellsOf{}
	}
	if (*c)[at] == nil {
		(*c)[at] = &Customers{Place: at}
	}
	(*c)[at].Count++
	(*c)[at].Amount += amount
}

// sorted are the cells, the best first.
func (c *cellsOf) sorted() (cells []Customers) {
	for _, cell := range *c {
		cells = append(cells, *cell)
	}
	slices.SortFunc(cells, func(a, b Customers) int {
		return cmp.Or(cmp.Compare(b.Recency, a.Recency), cmp.Compare(b.Frequency, a.Frequency), cmp.Compare(b.Monetary, a.Monetary))
	})
	return cells
}

// Purchases returns customers by their fifths, the best first, and segments that are made of fifths.
func (p *People) Purchases(now time.Time) (cells []Customers, suggested []population.Contrast, err error) {
	f := p.Fields
	rows, columns, err := p.Known([]int{f.fifthRecency, f.fifthFrequency, f.fifthMonetary, f.monetary})
	if err != nil {
		return nil, nil, err
	}
	var found cellsOf
	for i := range rows {
		found.add(rfm.Place{Recency: int(columns[0][i]), Frequency: int(columns[1][i]), Monetary: int(columns[2][i])}, columns[3][i])
	}
	cells = found.sorted()
	if len(cells) == 0 {
		return nil, nil, nil
	}
	for _, s := range []struct{ description, rule string }{
		{"bought lately, often and for much", "rfm.recency >= 4 && rfm.frequency >= 4 && rfm.monetary >= 4"},
		{"bought often, and not long ago", "rfm.recency >= 3 && rfm.frequency >= 4"},
		{"bought lately, and seldom before", "rfm.recency >= 4 && rfm.frequency <= 2"},
		{"bought often or for much, and no longer", "rfm.recency <= 2 && (rfm.frequency >= 4 || rfm.monetary >= 4)"},
		{"bought seldom, and no longer", "rfm.recency <= 2 && rfm.frequency <= 2"},
	} {
		c, err := p.suggestion(s.description, s.rule, now)
		if err != nil {
			return nil, nil, err
		}
		suggested = append(suggested, c)
	}
	return cells, suggested, nil
}

// Clusters are groups of contacts who are alike.
type Clusters struct {
	*cluster.Result
	// Rules are the groups, as they are offered, and Sampled by how many contacts they were found.
	Rules   []population.Contrast
	Sampled int
}

// AttributeError tells which attribute contacts cannot be grouped by.
type AttributeError struct {
	// At is its place among those that were asked for.
	At     int
	Reason string
}

// Error says why.
func (e *AttributeError) Error() string { return e.Reason }

// Cluster groups contacts by numbers. Errors: *AttributeError, cluster.ErrTooFew.
func (p *People) Cluster(names []string, o cluster.Options, now time.Time) (*Clusters, error) {
	places := make([]int, len(names))
	for i, name := range names {
		at, known := p.Fields.Schema.Lookup(name)
		if !known {
			return nil, &AttributeError{At: i, Reason: "there is no attribute " + name}
		}
		if p.Fields.Schema.Attributes()[at].Type != segment.Number {
			return nil, &AttributeError{At: i, Reason: name + " is no number"}
		}
		places[i] = at
	}
	rows, columns, err := p.Known(places)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, cluster.ErrTooFew
	}
	if len(rows) > mostSampled {
		columns = sample(columns, o.Seed)
	}
	found, err := cluster.Find(columns, o)
	var constant *cluster.ConstantError
	if errors.As(err, &constant) {
		return nil, &AttributeError{At: constant.Attribute, Reason: names[constant.Attribute] + " is the same for all contacts of whom it is known"}
	}
	if err != nil {
		return nil, err
	}
	out := &Clusters{Result: found, Sampled: len(columns[0])}
	for i := range found.Clusters {
		c, err := p.suggestion(fmt.Sprintf("group %d of %d", i+1, len(found.Clusters)), found.Rule(i, names), now)
		if err != nil {
			return nil, err
		}
		out.Rules = append(out.Rules, c)
	}
	return out, nil
}

// sample takes rows at random, the same ones each time.
func sample(columns [][]float64, seed uint64) [][]float64 {
	n := len(columns[0])
	places := rand.New(rand.NewPCG(seed, uint64(n))).Perm(n)[:mostSampled] //nolint:gosec // repeatable on purpose
	slices.Sort(places)
	out := make([][]float64, len(columns))
	for i := range columns {
		for _, at := range places {
			out[i] = append(out[i], columns[i][at])
		}
	}
	return out
}
