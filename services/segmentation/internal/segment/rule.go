package segment

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Limits of rules.
const (
	// MostCharacters is how long a rule may be.
	MostCharacters = 4000
	maxDepth       = 64
	maxNodes       = 1000
	maxRegexp      = 1000
)

// Rule is a checked rule. It does not change and may be used by several goroutines.
type Rule struct {
	schema  *Schema
	text    string
	env     *cel.Env
	checked *ast.AST
	root    *Node
	cost    uint64
}

// Compile checks a rule against a schema. Errors: *Fault.
func Compile(schema *Schema, text string) (*Rule, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &Fault{Reason: "the rule is empty"}
	}
	if n := utf8.RuneCountInString(text); n > MostCharacters {
		return nil, &Fault{Reason: fmt.Sprintf("the rule has %d characters, more than %d", n, MostCharacters)}
	}
	env, err := schema.env()
	if err != nil {
		return nil, err
	}
	parsed, issues := env.Parse(text)
	if fault := faultOf(schema, issues); fault != nil {
		return nil, fault
	}
	if fault := schema.checkNames(parsed.NativeRep()); fault != nil {
		return nil, fault
	}
	numbers{schema: schema, make: ast.NewExprFactory()}.widen(parsed.NativeRep().Expr())
	checked, issues := env.Check(parsed)
	if fault := faultOf(schema, issues); fault != nil {
		return nil, fault
	}
	r := &Rule{schema: schema, text: text, env: env, checked: checked.NativeRep()}
	if out := checked.OutputType(); out.Kind() != types.BoolKind {
		return nil, &Fault{Line: 1, Column: 1, Reason: fmt.Sprintf("the rule is a %s, and no condition that holds or does not", out)}
	}
	if r.cost, err = estimate(env, checked); err != nil {
		return nil, err
	}
	if r.root, err = r.node(r.checked.Expr()); err != nil {
		return nil, err
	}
	return r, nil
}

// newEnv is what CEL must know to check rules.
func newEnv(schema *Schema) (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("make registry of types: %w", err)
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(&provider{Provider: registry, schema: schema}), cel.CustomTypeAdapter(registry),
		cel.CrossTypeNumericComparisons(true), cel.EnableMacroCallTracking(), cel.ParserRecursionLimit(maxDepth), cel.ParserErrorRecoveryLimit(1),
		cel.ExpressionNodeLimit(maxNodes), cel.RegexProgramSizeLimit(maxRegexp),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals()),
		cel.Variable(today, cel.TimestampType),
	}
	for _, g := range schema.groups {
		options = append(options, cel.Variable(g, typeOf(g)))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("make environment of rules: %w", err)
	}
	return env, nil
}

// checkNames refuses attributes that there are not, and groups without an attribute, before types are looked at: it knows what may have been meant.
func (s *Schema) checkNames(parsed *ast.AST) *Fault {
	var fault *Fault
	// Groups that stand before a dot.
	selected := make(map[int64]bool)
	ast.PreOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if fault != nil {
			return
		}
		switch e.Kind() {
		case ast.SelectKind:
			of := e.AsSelect().Operand()
			if of.Kind() != ast.IdentKind || !slices.Contains(s.groups, strings.TrimPrefix(of.AsIdent(), ".")) {
				return
			}
			selected[of.ID()] = true
			name := attributeName(e)
			if _, known := s.Lookup(name); !known {
				fault = faultAt(parsed.SourceInfo(), of, fmt.Sprintf("there is no attribute %s", name), s.nearest(name))
			}
		case ast.IdentKind:
			group := strings.TrimPrefix(e.AsIdent(), ".")
			if slices.Contains(s.groups, group) && !selected[e.ID()] {
				fault = faultAt(parsed.SourceInfo(), e, fmt.Sprintf("%s is no value by itself: name one of its attributes, as in %s.name", group, group), "")
			}
		case ast.ComprehensionKind:
			c := e.AsComprehension()
			for _, v := range []string{c.IterVar(), c.IterVar2()} {
				if slices.Contains(s.groups, v) || v == today {
					fault = faultAt(parsed.SourceInfo(), e, fmt.Sprintf("%s has a meaning of its own: choose another name for the variable", v), "")
				}
			}
		}
	}))
	return fault
}

// Uses tells whether a rule uses the attribute at a place of a schema; a rule that is none uses nothing.
func Uses(schema *Schema, text string, at int) bool {
	r, err := Compile(schema, text)
	return err == nil && slices.Contains(r.Attributes(), at)
}

// Text is the rule as it was written.
func (r *Rule) Text() string { return r.text }

// Schema is what the rule was checked against.
func (r *Rule) Schema() *Schema { return r.schema }

// Cost is what CEL estimates that the rule costs at most for one contact, in its units.
func (r *Rule) Cost() uint64 { return r.cost }

// Root is the condition that the rule is.
func (r *Rule) Root() *Node { return r.root }

// Attributes are the places in the schema of the attributes that the rule uses, in ascending order.
func (r *Rule) Attributes() []int { return r.AttributesOf(r.checked.Expr()) }

// AttributesOf are the places of the attributes that a part of the rule uses, in ascending order.
func (r *Rule) AttributesOf(e ast.Expr) []int {
	var used []int
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if at, ok := r.AttributeOf(e); ok && !slices.Contains(used, at) {
			used = append(used, at)
		}
	}))
	slices.Sort(used)
	return used
}

// AttributeOf is the place of the attribute that an expression selects, or whose presence it asks for.
func (r *Rule) AttributeOf(e ast.Expr) (at int, ok bool) {
	if e.Kind() != ast.SelectKind {
		return 0, false
	}
	of := e.AsSelect().Operand()
	t := r.checked.GetType(of.ID())
	if t == nil || of.Kind() != ast.IdentKind {
		return 0, false
	}
	if group := groupOf(t); group != "" {
		return r.schema.Lookup(group + "." + e.AsSelect().FieldName())
	}
	return 0, false
}

// TypeOf is the type of a part of the rule.
func (r *Rule) TypeOf(e ast.Expr) *types.Type { return r.checked.GetType(e.ID()) }

// IsTimeless tells whether the rule holds tomorrow where it holds today, as long as nothing else changes.
func (r *Rule) IsTimeless() bool {
	timeless := true
	ast.PreOrderVisit(r.checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind && strings.TrimPrefix(e.AsIdent(), ".") == today {
			timeless = false
		}
		if at, ok := r.AttributeOf(e); ok && r.schema.attributes[at].Name == PurchaseRecency {
			timeless = false
		}
	}))
	return timeless
}

// Evaluator evaluates rules at a time. One goroutine at a time uses it.
type Evaluator struct {
	vars activation
}

// NewEvaluator makes an evaluator of rules over a schema, for which it is the day of now.
func NewEvaluator(schema *Schema, now time.Time) *Evaluator {
	return &Evaluator{vars: activation{schema: schema, today: dayOf(now)}}
}

// Program is a part of a rule, ready to be evaluated.
type Program struct{ cel.Program }

// Program makes a program of a part of the rule.
func (r *Rule) Program(e ast.Expr) (Program, error) {
	part := ast.NewCheckedAST(ast.NewAST(e, r.checked.SourceInfo()), r.checked.TypeMap(), r.checked.ReferenceMap())
	p, err := r.env.PlanProgram(part, cel.CostLimit(MostCost))
	if err != nil {
		return Program{}, fmt.Errorf("plan program: %w", err)
	}
	return Program{p}, nil
}

// Value is what a program comes to for a row, as Go's bool, float64, time.Time, time.Duration, string and so on; false when it is unknown.
func (e *Evaluator) Value(p Program, row Row) (any, bool) {
	e.vars.row = row
	out, _, err := p.Eval(&e.vars)
	if err != nil || types.IsUnknownOrError(out) {
		return nil, false
	}
	return out.Value(), true
}

// Outcome is what a program that is a condition comes to for a row.
func (e *Evaluator) Outcome(p Program, row Row) Outcome {
	v, known := e.Value(p, row)
	holds, ok := v.(bool)
	switch {
	case !known || !ok:
		return Unknown
	case holds:
		return True
	}
	return False
}
