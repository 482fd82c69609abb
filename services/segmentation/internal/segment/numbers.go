package segment

import (
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// numbers turns whole numbers that stand beside numbers into real ones, so that `contact.age == 30` says what it means. It keeps what else CEL does with
// whole numbers, such as the size of a text.
type numbers struct {
	schema *Schema
	make   ast.ExprFactory
}

// alike are the operators whose operands are of one type.
var alike = []string{
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
	operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.In,
}

// Arithmetic, whose outcome is of the type of its operands.
var arithmetic = []string{operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Negate}

// widen rewrites an expression and all below it.
func (n numbers) widen(e ast.Expr) {
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || !slices.Contains(alike, e.AsCall().FunctionName()) {
			return
		}
		args := e.AsCall().Args()
		if slices.ContainsFunc(args, n.isNumber) {
			for _, a := range args {
				n.toReal(a)
			}
		}
	}))
}

// isNumber tells whether an expression is a number of the schema or is calculated from one.
func (n numbers) isNumber(e ast.Expr) bool {
	switch e.Kind() {
	case ast.LiteralKind:
		_, isReal := e.AsLiteral().(types.Double)
		return isReal
	case ast.SelectKind:
		at, known := n.schema.Lookup(attributeName(e))
		return known && n.schema.attributes[at].Type == Number && !e.AsSelect().IsTestOnly()
	case ast.CallKind:
		call := e.AsCall()
		return slices.Contains(arithmetic, call.FunctionName()) && slices.ContainsFunc(call.Args(), n.isNumber) ||
			call.FunctionName() == operators.Conditional && slices.ContainsFunc(call.Args()[1:], n.isNumber)
	case ast.ListKind:
		return slices.ContainsFunc(e.AsList().Elements(), n.isNumber)
	}
	return false
}

// toReal turns the whole numbers of which an expression is calculated into real ones.
func (n numbers) toReal(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		if whole, ok := e.AsLiteral().(types.Int); ok {
			e.SetKindCase(n.make.NewLiteral(e.ID(), types.Double(whole)))
		}
	case ast.CallKind:
		call := e.AsCall()
		switch {
		case slices.Contains(arithmetic, call.FunctionName()):
			for _, a := range call.Args() {
				n.toReal(a)
			}
		case call.FunctionName() == operators.Conditional:
			for _, a := range call.Args()[1:] {
				n.toReal(a)
			}
		}
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			n.toReal(item)
		}
	}
}

// attributeName is the name of the attribute that an expression selects; "" when it selects none.
func attributeName(e ast.Expr) string {
	if e.Kind() != ast.SelectKind || e.AsSelect().Operand().Kind() != ast.IdentKind {
		return ""
	}
	return strings.TrimPrefix(e.AsSelect().Operand().AsIdent(), ".") + "." + e.AsSelect().FieldName()
}

// WriteNumber is a number as rules write it: exact, and real.
func WriteNumber(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}
