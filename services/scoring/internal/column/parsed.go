package column

import "github.com/otklik/otklik/services/scoring/internal/fact"

// parsedColumn is a column's name with what its entries mean: one of the lists, by the column's kind.
type parsedColumn struct {
	kind    columnKind
	name    string
	who     []who
	weights []float64
	values  [][]string
	answers []Answer
}

// who is population and outcome.
type who struct {
	population fact.Population
	outcome    Outcome
}

func (c *frameColumn) parse() parsedColumn { return parse(c.kind, c.name, c.entries) }

// parse reads entries that are known to be valid.
func parse(kind columnKind, name string, entries []string) parsedColumn {
	p := parsedColumn{kind: kind, name: name}
	for _, e := range entries {
		switch kind {
		case whoColumn:
			population, outcome, _ := parseWho(e)
			p.who = append(p.who, who{population, outcome})
		case weightColumn:
			w, _ := parseWeight(e)
			p.weights = append(p.weights, w)
		case keyColumn:
			values, _ := parseValues(e)
			p.values = append(p.values, values)
		case answerColumn:
			a, _ := parseAnswer(e)
			a.Question = name
			p.answers = append(p.answers, a)
		}
	}
	return p
}

// put puts an entry into a row; columns must come in order.
func (p *parsedColumn) put(r *Row, entry uint32) {
	switch p.kind {
	case whoColumn:
		r.Population, r.Outcome = p.who[entry].population, p.who[entry].outcome
	case weightColumn:
		r.Weight = p.weights[entry]
	case keyColumn:
		r.Keys = append(r.Keys, Key{Name: p.name, Values: p.values[entry]})
	case answerColumn:
		r.Answers = append(r.Answers, p.answers[entry])
	}
}
