package composite

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// ErrFormula reports a formula that is not one.
var ErrFormula = errors.New("invalid formula")

// Limits of formulas.
const (
	maxFormulaLength = 1000
	maxFormulaDepth  = 64
	maxFormulaNodes  = 200
)

// Formula is a checked formula: numbers, names, + - * / and parentheses.
type Formula struct {
	root  node
	names []string
}

// Parse checks a formula. The grammar is that of CEL, of which it keeps the arithmetic; all numbers are real numbers, so that 1/2 is a half.
// Errors wrap ErrFormula and say what is wrong in one sentence.
func Parse(formula string) (*Formula, error) {
	p, err := parser.NewParser(parser.Macros(), parser.MaxRecursionDepth(maxFormulaDepth), parser.ExpressionSizeCodePointLimit(maxFormulaLength),
		parser.ErrorRecoveryLimit(1), parser.ErrorReportingLimit(1))
	if err != nil {
		return nil, fmt.Errorf("make parser: %w", err)
	}
	if strings.TrimSpace(formula) == "" {
		return nil, fmt.Errorf("it is empty: %w", ErrFormula)
	}
	if n := utf8.RuneCountInString(formula); n > maxFormulaLength {
		return nil, fmt.Errorf("it has %d characters, more than %d: %w", n, maxFormulaLength, ErrFormula)
	}
	tree, issues := p.Parse(common.NewStringSource(formula, "formula"))
	// The parser takes what follows two strokes for a remark and leaves it out.
	if len(issues.GetErrors()) > 0 || strings.Contains(formula, "//") {
		// The parser speaks of a grammar of which most is refused.
		return nil, fmt.Errorf("%s: %w", syntax(formula), ErrFormula)
	}
	c := compiler{}
	root, err := c.compile(tree.Expr(), 0)
	if err != nil {
		return nil, err
	}
	return &Formula{root: root, names: c.names}, nil
}

// Names are the names that occur in the formula, each once, in order of occurrence.
func (f *Formula) Names() []string { return f.names }

// Evaluate is the value of the formula where value gives that of each name; NaN, which means absent, where a name that it needs has none, a
// divisor is 0 or the result is too great for a number.
func (f *Formula) Evaluate(value func(name string) float64) float64 {
	return f.root.evaluate(value)
}

// node is a part of a formula.
type node interface {
	evaluate(value func(name string) float64) float64
}

type (
	number    float64
	name      string
	negation  struct{ of node }
	operation struct {
		operator    byte
		left, right node
	}
)

func (n number) evaluate(func(string) float64) float64         { return float64(n) }
func (n name) evaluate(value func(string) float64) float64     { return value(string(n)) }
func (n negation) evaluate(value func(string) float64) float64 { return -n.of.evaluate(value) }

func (o operation) evaluate(value func(string) float64) float64 {
	a, b := o.left.evaluate(value), o.right.evaluate(value)
	var x float64
	switch o.operator {
	case '+':
		x = a + b
	case '-':
		x = a - b
	case '*':
		x = a * b
	default:
		x = a / b
	}
	// Dividing by 0, or by what is too great for a number, must not come out as a number further on.
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return x
}

// compiler turns the parser's tree into nodes.
type compiler struct {
	names []string
	nodes int
}

func (c *compiler) compile(e ast.Expr, depth int) (node, error) {
	if c.nodes++; c.nodes > maxFormulaNodes || depth > maxFormulaDepth {
		return nil, fmt.Errorf("it is too long or nested too deeply: %w", ErrFormula)
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return literal(e)
	case ast.IdentKind:
		id := e.AsIdent()
		if !slices.Contains(c.names, id) {
			c.names = append(c.names, id)
		}
		return name(id), nil
	case ast.CallKind:
		return c.call(e.AsCall(), depth)
	}
	return nil, fmt.Errorf("it may hold numbers, names of terms, + - * / and parentheses only: %w", ErrFormula)
}

// literal is a number.
func literal(e ast.Expr) (node, error) {
	switch v := e.AsLiteral().(type) {
	case types.Double:
		if math.IsInf(float64(v), 0) || math.IsNaN(float64(v)) {
			return nil, fmt.Errorf("a number is too great: %w", ErrFormula)
		}
		return number(v), nil
	case types.Int:
		return number(v), nil
	default:
		return nil, fmt.Errorf("%s is no number: %w", strconv.Quote(fmt.Sprint(v.Value())), ErrFormula)
	}
}

func (c *compiler) call(e ast.CallExpr, depth int) (node, error) {
	arguments := make([]node, len(e.Args()))
	signs := map[string]byte{operators.Add: '+', operators.Subtract: '-', operators.Multiply: '*', operators.Divide: '/'}
	sign := signs[e.FunctionName()]
	binary, unary := sign != 0 && len(arguments) == 2, e.FunctionName() == operators.Negate && len(arguments) == 1
	if e.IsMemberFunction() || !binary && !unary {
		return nil, fmt.Errorf("%q is not allowed: it may hold numbers, names of terms, + - * / and parentheses only: %w", e.FunctionName(), ErrFormula)
	}
	for i, a := range e.Args() {
		var err error
		if arguments[i], err = c.compile(a, depth+1); err != nil {
			return nil, err
		}
	}
	if unary {
		return negation{of: arguments[0]}, nil
	}
	return operation{operator: sign, left: arguments[0], right: arguments[1]}, nil
}
