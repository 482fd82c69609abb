package population

import (
	"math"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/otklik/otklik/services/segmentation/internal/segment"
)

// mostValues is how many values of an attribute a condition is evaluated for beforehand, as a share of the rows at least: beyond, that would be dearer than
// to evaluate it for each row.
const mostValues = 1 << 16

// Plan is a rule, ready to be evaluated over a population at a time.
type Plan struct {
	p         *Population
	rule      *segment.Rule
	evaluator *segment.Evaluator
	root      condition
}

// Plan makes a plan of a rule over the population's schema for the day of now. One goroutine at a time uses it.
func (p *Population) Plan(rule *segment.Rule, now time.Time) *Plan {
	plan := &Plan{p: p, rule: rule, evaluator: segment.NewEvaluator(p.schema, now)}
	plan.root = plan.condition(rule.Root())
	return plan
}

// Columnar tells whether no part of the rule is evaluated a row at a time.
func (plan *Plan) Columnar() bool { return plan.root.price() < interpreted }

// Evaluate are the rows for which the rule holds.
func (plan *Plan) Evaluate() *Set {
	n := plan.p.Len()
	words := make([]uint64, (n+wordRows-1)/wordRows)
	b := block{p: plan.p, evaluator: plan.evaluator}
	var all [blockWords]uint64
	for w := range all {
		all[w] = math.MaxUint64
	}
	var out truth
	for ; b.first < n; b.first += blockRows {
		b.rows = min(blockRows, n-b.first)
		plan.root.evaluate(&b, &all, &out)
		copy(words[b.first/wordRows:], out.yes[:b.words()])
	}
	if n%wordRows != 0 {
		words[len(words)-1] &= 1<<(n%wordRows) - 1
	}
	return newSet(words)
}

func (plan *Plan) condition(n *segment.Node) condition {
	of := make([]condition, len(n.Of))
	for i := range n.Of {
		of[i] = plan.condition(n.Of[i])
	}
	switch n.Join {
	case segment.And, segment.Or:
		if of[1].price() < of[0].price() {
			of[0], of[1] = of[1], of[0]
		}
		if n.Join == segment.And {
			return both{of[0], of[1]}
		}
		return either{of[0], of[1]}
	case segment.Not:
		return contrary{of[0]}
	case segment.Choose:
		return choice{of[0], of[1], of[2]}
	}
	return plan.leaf(n)
}

// leaf is a condition that is made of no others.
func (plan *Plan) leaf(n *segment.Node) condition {
	used := plan.rule.AttributesOf(n.Expr)
	if len(used) == 0 {
		return constant(plan.evaluator.Outcome(n.Program, plan.p.only(0, 0)))
	}
	if len(used) == 1 {
		if c := &plan.p.columns[used[0]]; c.codes != nil {
			if len(c.values) > mostValues && len(c.values) > plan.p.Len()/2 {
				return rows{n.Program}
			}
			l := lookup{at: used[0], outcomes: make([]segment.Outcome, len(c.values))}
			for code := range c.values {
				l.outcomes[code] = plan.evaluator.Outcome(n.Program, plan.p.only(used[0], uint32(code)))
			}
			return l
		}
	}
	if c := plan.overNumbers(n.Expr); c != nil {
		return c
	}
	if c := plan.overTimes(n.Expr); c != nil {
		return c
	}
	return rows{n.Program}
}

// only is a row of which one attribute is known, by its code.
func (p *Population) only(at int, code uint32) segment.Row { return single{p, at, code} }

type single struct {
	p    *Population
	at   int
	code uint32
}

// Value implements segment.Row.
func (s single) Value(at int) (any, bool) {
	if at != s.at || s.code == 0 {
		return nil, false
	}
	return s.p.columns[at].values[s.code], true
}

// attribute is the place of the attribute that an expression is; false when it is something else.
func (plan *Plan) attribute(e ast.Expr) (int, bool) {
	at, ok := plan.rule.AttributeOf(e)
	return at, ok && !e.AsSelect().IsTestOnly()
}

// value is what a part of the rule comes to that uses no attribute.
func (plan *Plan) value(e ast.Expr) (any, bool) {
	if len(plan.rule.AttributesOf(e)) > 0 {
		return nil, false
	}
	program, err := plan.rule.Program(e)
	if err != nil {
		return nil, false
	}
	return plan.evaluator.Value(program, plan.p.only(0, 0))
}

// Relations, and whether their sides change places.
var relations = map[string]struct {
	relation relation
	swapped  bool
}{
	operators.Equals: {equal, false}, operators.NotEquals: {unequal, false},
	operators.Less: {less, false}, operators.LessEquals: {lessOrEqual, false},
	operators.Greater: {less, true}, operators.GreaterEquals: {lessOrEqual, true},
}

// overNumbers is a condition over numbers; nil when it is none.
func (plan *Plan) overNumbers(e ast.Expr) condition {
	if at, ok := plan.rule.AttributeOf(e); ok && e.AsSelect().IsTestOnly() {
		return known{at}
	}
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
		return nil
	}
	call := e.AsCall()
	first, second := call.Args()[0], call.Args()[1]
	if call.FunctionName() == operators.In {
		return plan.amongNumbers(first, second)
	}
	r, ok := relations[call.FunctionName()]
	if !ok {
		return nil
	}
	a, b := plan.quantity(first), plan.quantity(second)
	if a == nil || b == nil {
		return nil
	}
	if r.swapped {
		a, b = b, a
	}
	column, isColumn := a.(measured)
	number, isFigure := b.(figure)
	if isColumn && isFigure {
		return level{at: column.at, relation: r.relation, number: float64(number)}
	}
	number, isFigure = a.(figure)
	column, isColumn = b.(measured)
	if isColumn && isFigure {
		return level{at: column.at, relation: r.relation, swapped: true, number: float64(number)}
	}
	return comparison{relation: r.relation, first: a, second: b}
}

// amongNumbers is `column in [numbers]`; nil when it is something else.
func (plan *Plan) amongNumbers(of, list ast.Expr) condition {
	column, ok := plan.quantity(of).(measured)
	if !ok || list.Kind() != ast.ListKind {
		return nil
	}
	c := among{at: column.at, numbers: make(map[float64]bool)}
	for _, item := range list.AsList().Elements() {
		n, ok := plan.quantity(item).(figure)
		if !ok {
			return nil
		}
		c.numbers[float64(n)] = true
	}
	return c
}

// quantity is a number that is calculated from columns; nil when it is something else.
func (plan *Plan) quantity(e ast.Expr) quantity {
	if t := plan.rule.TypeOf(e); t == nil || t.Kind() != types.DoubleKind {
		return nil
	}
	if at, ok := plan.attribute(e); ok {
		return measured{at}
	}
	if v, ok := plan.value(e); ok {
		if x, ok := v.(float64); ok {
			return figure(x)
		}
	}
	if e.Kind() != ast.CallKind {
		return nil
	}
	call := e.AsCall()
	signs := map[string]byte{operators.Add: '+', operators.Subtract: '-', operators.Multiply: '*', operators.Divide: '/'}
	switch {
	case call.FunctionName() == operators.Negate:
		if of := plan.quantity(call.Args()[0]); of != nil {
			return negative{of}
		}
	case signs[call.FunctionName()] != 0 && len(call.Args()) == 2:
		first, second := plan.quantity(call.Args()[0]), plan.quantity(call.Args()[1])
		if first != nil && second != nil {
			return formula{signs[call.FunctionName()], first, second}
		}
	}
	return nil
}

// overTimes compares a column of times with a time, or how far it lies from one with a duration; nil when it is something else.
func (plan *Plan) overTimes(e ast.Expr) condition {
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
		return nil
	}
	r, ok := relations[e.AsCall().FunctionName()]
	if !ok {
		return nil
	}
	a, b := e.AsCall().Args()[0], e.AsCall().Args()[1]
	swapped := false
	v, isConstant := plan.value(b)
	if !isConstant {
		a, b, swapped = b, a, true
		if v, isConstant = plan.value(b); !isConstant {
			return nil
		}
	}
	// `a > b` is `b < a`: the sides have changed places once more.
	swapped = swapped != r.swapped
	switch v := v.(type) {
	case time.Time:
		if at, ok := plan.attribute(a); ok && isWhole(v) {
			return moments{at: at, relation: r.relation, swapped: swapped, time: v.UnixMicro()}
		}
	case time.Duration:
		if c, ok := plan.age(a); ok && v%time.Microsecond == 0 {
			c.relation, c.swapped, c.duration = r.relation, swapped, v.Microseconds()
			return c
		}
	}
	return nil
}

// age is a time less a column of times, or the other way round.
func (plan *Plan) age(e ast.Expr) (ages, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Subtract {
		return ages{}, false
	}
	a, b, sign := e.AsCall().Args()[0], e.AsCall().Args()[1], int64(1)
	at, ok := plan.attribute(b)
	if !ok {
		a, b, sign = b, a, -1
		at, ok = plan.attribute(b)
	}
	from, known := plan.value(a)
	t, isTime := from.(time.Time)
	if !ok || !known || !isTime || !isWhole(t) {
		return ages{}, false
	}
	return ages{at: at, sign: sign, from: t.UnixMicro()}, true
}

// isWhole tells whether a time has no part of a microsecond.
func isWhole(t time.Time) bool { return t.Nanosecond()%int(time.Microsecond) == 0 }
