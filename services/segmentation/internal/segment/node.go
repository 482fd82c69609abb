package segment

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// Outcome is what a condition comes to.
type Outcome uint8

// Outcomes.
const (
	// Unknown: something that it needs is not known.
	Unknown Outcome = iota
	False
	True
)

// Not is the contrary.
func (o Outcome) Not() Outcome {
	switch o {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

// And is Kleene's conjunction.
func (o Outcome) And(other Outcome) Outcome {
	switch {
	case o == False || other == False:
		return False
	case o == True && other == True:
		return True
	}
	return Unknown
}

// Or is Kleene's disjunction.
func (o Outcome) Or(other Outcome) Outcome { return o.Not().And(other.Not()).Not() }

// Join is how a condition is made of others.
type Join uint8

// Joins.
const (
	// Leaf is a condition that is made of no others.
	Leaf Join = iota
	// And, Or, Not have two, two and one.
	And
	Or
	Not
	// Choose has three: where the first holds it is the second, where it does not the third.
	Choose
)

// Node is a condition: a leaf, or others that are joined.
type Node struct {
	Join Join
	Of   []*Node
	// Expr, Text and Program are a leaf's: what it is, how it is written, and how it is evaluated.
	Expr    ast.Expr
	Text    string
	Program Program
}

// node takes a condition apart.
func (r *Rule) node(e ast.Expr) (*Node, error) {
	if e.Kind() == ast.CallKind && r.isCondition(e) {
		call := e.AsCall()
		joins := map[string]Join{
			operators.LogicalAnd: And, operators.LogicalOr: Or, operators.LogicalNot: Not, operators.Conditional: Choose,
		}
		if join := joins[call.FunctionName()]; join != Leaf {
			n := &Node{Join: join}
			for _, a := range call.Args() {
				of, err := r.node(a)
				if err != nil {
					return nil, err
				}
				n.Of = append(n.Of, of)
			}
			return n, nil
		}
	}
	n := &Node{Expr: e}
	var err error
	if n.Text, err = parser.Unparse(e, r.checked.SourceInfo()); err != nil {
		return nil, err
	}
	n.Program, err = r.Program(e)
	return n, err
}

// isCondition tells whether all that an operator joins are conditions, and none something that is only known when it is evaluated.
func (r *Rule) isCondition(e ast.Expr) bool {
	for _, part := range append([]ast.Expr{e}, e.AsCall().Args()...) {
		if t := r.TypeOf(part); t == nil || t.Kind() != types.BoolKind {
			return false
		}
	}
	return true
}

// evaluate is what the condition comes to where leaf tells what leaves do.
func (n *Node) evaluate(leaf func(*Node) Outcome) Outcome {
	switch n.Join {
	case And:
		if first := n.Of[0].evaluate(leaf); first != False {
			return first.And(n.Of[1].evaluate(leaf))
		}
		return False
	case Or:
		if first := n.Of[0].evaluate(leaf); first != True {
			return first.Or(n.Of[1].evaluate(leaf))
		}
		return True
	case Not:
		return n.Of[0].evaluate(leaf).Not()
	case Choose:
		switch n.Of[0].evaluate(leaf) {
		case True:
			return n.Of[1].evaluate(leaf)
		case False:
			return n.Of[2].evaluate(leaf)
		}
		return Unknown
	}
	return leaf(n)
}

// Leaves are the leaves of the condition, in the order in which they are written.
func (n *Node) Leaves() []*Node {
	if n.Join == Leaf {
		return []*Node{n}
	}
	var leaves []*Node
	for _, of := range n.Of {
		leaves = append(leaves, of.Leaves()...)
	}
	return leaves
}

// Matches is what a rule comes to for a row.
func (e *Evaluator) Matches(r *Rule, row Row) Outcome {
	return r.root.evaluate(func(n *Node) Outcome { return e.Outcome(n.Program, row) })
}
