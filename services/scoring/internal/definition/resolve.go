package definition

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/composite"
)

// Limits of what a definition refers to.
const (
	// maxDepth is how many definitions may stand one within the other.
	maxDepth = 5
	// maxTerms is how many terms they may have, all together.
	maxTerms = 100
)

// Resolved is a definition with all that it refers to. It must not be changed: others compute from the same.
type Resolved struct {
	Definition Definition
	// Terms are the definitions that terms of its formula refer to, by the identifier of the term.
	Terms map[string]*Resolved
}

// Tree is what is computed.
func (d *Resolved) Tree() *composite.Tree {
	t := &composite.Tree{Spec: d.Definition.Spec}
	for id, inner := range d.Terms {
		if t.Terms == nil {
			t.Terms = make(map[string]*composite.Tree, len(d.Terms))
		}
		t.Terms[id] = inner.Tree()
	}
	return t
}

// Resolve returns a version of a definition with all that it refers to, the newest when the reference states none. What it refers to is of the
// versions for which it was made. Of the definition as a whole, such as its retirement, what it tells may be old. *NotFoundError.
func (r *Registry) Resolve(ctx context.Context, organization string, ref composite.Ref) (*Resolved, error) {
	find := r.fixed
	if ref.Version == 0 {
		find = r.Find
	}
	d, err := find(ctx, organization, ref)
	if err != nil {
		return nil, err
	}
	// What is stored was within the limits when it was stored; these hold for what a newer program stored.
	out, err := r.expand(ctx, organization, d, &expansion{limit: maxDepth})
	if err != nil {
		return nil, fmt.Errorf("resolve definition %q version %d: %w", d.ID, d.Version, err)
	}
	return out, nil
}

// expansion is what was found on the way down from a definition.
type expansion struct {
	// above are the identifiers of the definitions that hold the present one.
	above []string
	limit int
	terms int
}

// expand finds all that a definition refers to. Errors that are the definition's own fault are *composite.FieldError, whose fields are those of
// the definition itself, however deep the fault.
func (r *Registry) expand(ctx context.Context, organization string, d Definition, x *expansion) (*Resolved, error) {
	out := &Resolved{Definition: d}
	e := d.Spec.Expression
	if e == nil {
		return out, nil
	}
	x.above = append(x.above, d.ID)
	defer func() { x.above = x.above[:len(x.above)-1] }()
	for i, t := range e.Terms {
		field := fmt.Sprintf("expression.terms[%d].definition", i)
		if x.terms++; x.terms > maxTerms {
			return nil, wrong(field, "with all that it refers to it has more than %d terms: make it of fewer", maxTerms)
		}
		if t.Definition == (composite.Ref{}) {
			continue
		}
		inner, err := r.inner(ctx, organization, d, t, field, x)
		if err != nil {
			return nil, err
		}
		if out.Terms == nil {
			out.Terms = make(map[string]*Resolved)
		}
		out.Terms[t.ID] = inner
	}
	return out, nil
}

// inner is the definition that a term refers to, with all that it refers to.
func (r *Registry) inner(
	ctx context.Context, organization string, outer Definition, t composite.Term, field string, x *expansion,
) (*Resolved, error) {
	for i, id := range x.above {
		if id == t.Definition.ID {
			return nil, wrong(field, "it is made of itself: %s", circle(x.above[i:], id))
		}
	}
	if len(x.above) >= x.limit {
		return nil, wrong(field, "more than %d definitions stand one within the other: name what %q is made of instead", x.limit, t.Definition.ID)
	}
	d, err := r.fixed(ctx, organization, t.Definition)
	var missing *NotFoundError
	if errors.As(err, &missing) {
		return nil, wrong(field, "%s", missing.Error())
	}
	if err != nil {
		return nil, err
	}
	switch {
	case d.Metric != nil:
		return nil, wrong(field, "%q is a metric: name it as the metric of the term", d.ID)
	case d.Survey != "" && d.Survey != outer.Survey:
		return nil, wrong(field, "%q belongs to the survey %s: only definitions of the same survey can be made of it", d.ID, d.Survey)
	case t.Question != "" && d.Spec.Cuts == nil:
		return nil, wrong(field, "%q names its questions itself: leave the question of the term out", d.ID)
	}
	resolved, err := r.expand(ctx, organization, d, x)
	var fault *composite.FieldError
	if errors.As(err, &fault) {
		// What is wrong further down is wrong with this term, as far as the caller can see it.
		return nil, &composite.FieldError{Field: field, Description: fault.Description}
	}
	return resolved, err
}

// circle is the way from a definition back to it.
func circle(above []string, id string) string {
	way := ""
	for _, a := range above {
		way += a + " → "
	}
	return way + id
}
