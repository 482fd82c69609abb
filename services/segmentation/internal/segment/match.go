package segment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/otklik/otklik/libs/near"
)

// CheckMatch refuses what CEL lets pass and can never hold: a comparison with a value that the attribute cannot have, and a condition over nothing that has no
// outcome. Rules that are there already are not refused by it, since the options of attributes change. Errors: *Fault.
func (r *Rule) CheckMatch() error {
	var fault *Fault
	ast.PreOrderVisit(r.checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if fault == nil && e.Kind() == ast.CallKind {
			fault = r.checkComparison(e.AsCall())
		}
	}))
	if fault != nil {
		return fault
	}
	evaluate := NewEvaluator(r.schema, time.Unix(0, 0))
	for _, leaf := range r.root.Leaves() {
		if r.asksNothing(leaf.Expr) && evaluate.Outcome(leaf.Program, noRow{}) == Unknown {
			return faultAt(r.checked.SourceInfo(), leaf.Expr, "the condition has no outcome, whoever it is asked of", "")
		}
	}
	return nil
}

// checkComparison refuses the comparison of an attribute with a value that it cannot have.
func (r *Rule) checkComparison(call ast.CallExpr) *Fault {
	args := call.Args()
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals:
		for i, a := range args {
			if at, ok := r.AttributeOf(a); ok && !a.AsSelect().IsTestOnly() {
				return r.checkValue(at, args[1-i])
			}
		}
	case operators.In:
		at, ok := r.AttributeOf(args[0])
		if !ok || args[1].Kind() != ast.ListKind {
			return nil
		}
		for _, v := range args[1].AsList().Elements() {
			if fault := r.checkValue(at, v); fault != nil {
				return fault
			}
		}
	}
	return nil
}

// checkValue refuses a value, where it is written out, that an attribute cannot have.
func (r *Rule) checkValue(at int, v ast.Expr) *Fault {
	if v.Kind() != ast.LiteralKind {
		return nil
	}
	a, literal := r.schema.attributes[at], v.AsLiteral()
	if !a.Type.takes(literal) {
		return faultAt(r.checked.SourceInfo(), v, fmt.Sprintf("%s is a %s and never %v", a.Name, a.Type.celType(), literal.Value()), "")
	}
	value, isText := literal.Value().(string)
	if !isText || len(a.Options) == 0 || slices.Contains(a.Options, value) {
		return nil
	}
	nearest := near.Name(value, a.Options)
	if same := slices.IndexFunc(a.Options, func(o string) bool { return strings.EqualFold(o, value) }); same >= 0 {
		nearest = a.Options[same]
	}
	return faultAt(r.checked.SourceInfo(), v, fmt.Sprintf("%s is never %q: it is one of %s", a.Name, value, strings.Join(a.Options, ", ")), nearest)
}

// takes tells whether a literal is a value of the type; times are written by functions.
func (t Type) takes(literal ref.Val) bool {
	switch literal.(type) {
	case types.String:
		return t == Text
	case types.Double, types.Int, types.Uint:
		return t == Number
	case types.Bool:
		return t == Flag
	}
	return t == Time
}

// asksNothing tells whether a condition is over no attribute, and the same on every day.
func (r *Rule) asksNothing(e ast.Expr) bool {
	nothing := len(r.AttributesOf(e)) == 0
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		nothing = nothing && (e.Kind() != ast.IdentKind || strings.TrimPrefix(e.AsIdent(), ".") != today)
	}))
	return nothing
}
