package membership

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Evaluator compares contacts with rules, in the process that leads: those that change one by one, and all of them when a rule, the day, or very many change.
// The two go on side by side: whoever changes while all are compared waits for the writing of one part of them at most.
type Evaluator struct {
	store Store
	now   func() time.Time

	mu            sync.Mutex
	organizations map[string]*organization

	waits waits
}

// organization is what is known of an organisation while its contacts are compared.
type organization struct {
	id string
	// mu is held while memberships are written, so that nothing is overtaken by what was read before.
	mu    sync.Mutex
	rules *book
	// sweep is nil unless all contacts are being compared.
	sweep *sweep
}

// book are the compiled rules of an organisation.
type book struct {
	declared []attribute.Definition
	fields   *Fields
	rules    map[string]compiled
}

// compiled is a rule; nil where it cannot be compiled any more.
type compiled struct {
	version int64
	rule    *segment.Rule
}

// NewEvaluator makes an evaluator.
func NewEvaluator(s Store, now func() time.Time) *Evaluator {
	return &Evaluator{store: s, now: now, organizations: map[string]*organization{}, waits: waits{since: map[wait]time.Time{}}}
}

// of is an organisation.
func (e *Evaluator) of(id string) *organization {
	e.mu.Lock()
	defer e.mu.Unlock()
	o := e.organizations[id]
	if o == nil {
		o = &organization{id: id}
		e.organizations[id] = o
	}
	return o
}

// All compares all contacts of the organisations for which that is due. The leader calls it from time to time.
func (e *Evaluator) All(ctx context.Context) error {
	work, err := e.store.ToSweep(ctx, rfm.Day(e.now()))
	if err != nil {
		return err
	}
	return e.each(work, true, func(organization string) error {
		waits := wait{organization, true}
		e.waits.begin(waits, e.now())
		if err := e.sweep(ctx, e.of(organization)); err != nil {
			return err
		}
		e.waits.end(waits)
		return nil
	})
}

// Changed compares the contacts of which something changed. The leader calls it from time to time.
func (e *Evaluator) Changed(ctx context.Context) error {
	work, err := e.store.Touched(ctx)
	if err != nil {
		return err
	}
	return e.each(work, false, func(organization string) error { return e.touched(ctx, e.of(organization)) })
}

// each does something for each organisation of which something is to be compared, all or what changed. What fails for one stops no other one.
func (e *Evaluator) each(work []string, all bool, do func(organization string) error) error {
	e.waits.keep(all, work)
	var failed []error
	for _, organization := range work {
		if err := do(organization); err != nil {
			failed = append(failed, fmt.Errorf("compare contacts of %s with rules: %w", organization, err))
		}
	}
	return errors.Join(failed...)
}

// CatchUp compares the contacts of organisations that were touched: who is asked for their segments is to belong to those that they do by what was known.
func (e *Evaluator) CatchUp(ctx context.Context, organizations []string) error {
	for _, o := range organizations {
		if err := e.touched(ctx, e.of(o)); err != nil {
			return fmt.Errorf("compare contacts with rules: %w", err)
		}
	}
	return nil
}

// Oldest is since when the comparison waits that waits longest; zero when none does, or another process leads.
func (e *Evaluator) Oldest() time.Time { return e.waits.oldest() }

// open compiles the rules of segments, unless it has.
func (e *Evaluator) open(ctx context.Context, o *organization, segments []store.Segment) (*book, error) {
	declared, err := e.store.ListAttributes(ctx, o.id)
	if err != nil {
		return nil, err
	}
	b := o.rules
	if b == nil || !slices.EqualFunc(b.declared, declared, sameDeclaration) {
		b = &book{declared: declared, rules: map[string]compiled{}}
		if b.fields, err = FieldsOf(declared); err != nil {
			return nil, err
		}
		o.rules = b
	}
	for _, s := range segments {
		if c, ok := b.rules[s.ID]; !ok || c.version != s.RuleVersion {
			c = compiled{version: s.RuleVersion}
			var fault *segment.Fault
			if c.rule, err = segment.Compile(b.fields.Schema, s.Rule); err != nil && !errors.As(err, &fault) {
				return nil, err
			}
			b.rules[s.ID] = c
		}
	}
	return b, nil
}

// sameDeclaration tells whether rules see the same in two declarations.
func sameDeclaration(a, b attribute.Definition) bool {
	return a.Number == b.Number && a.Key == b.Key && slices.Equal(a.Options, b.Options)
}
