package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Tick does to cases what time has done to them: what is due, late or escalated.
func (c *Cases) Tick(ctx context.Context) error {
	for {
		n, err := c.Store.TickCases(ctx, c.Now(), caseTicksAtOnce)
		if n < caseTicksAtOnce {
			return err
		}
	}
}

// Sight looks at comments whose response came after them. What fails for an organisation stops no other one.
func (c *Cases) Sight(ctx context.Context) error {
	for {
		waiting, err := c.Store.CommentsToSight(ctx, caseCommentsAtOnce)
		if err != nil {
			return err
		}
		more := false
		var errs []error
		for len(waiting) > 0 && ctx.Err() == nil {
			n := slices.IndexFunc(waiting, func(w store.CaseComment) bool { return w.Organization != waiting[0].Organization })
			if n < 0 {
				n = len(waiting)
			}
			if err := c.sight(ctx, waiting[:n]); err != nil {
				errs = append(errs, fmt.Errorf("of %s: %w", waiting[0].Organization, err))
			} else if n == caseCommentsAtOnce {
				more = true
			}
			waiting = waiting[n:]
		}
		if err := errors.Join(append(errs, ctx.Err())...); err != nil || !more {
			return err
		}
	}
}

// sight looks at comments of an organisation.
func (c *Cases) sight(ctx context.Context, waiting []store.CaseComment) error {
	batch := store.CaseBatch{Now: c.Now(), Sighted: waiting}
	rules, err := c.Store.CaseRules(ctx, waiting[0].Organization)
	if err != nil {
		return err
	}
	for _, comment := range waiting {
		if err := c.comment(ctx, comment, rules, &batch); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	// A response that was removed meanwhile is waited for in vain: its comments are not kept again.
	batch.Comments = nil
	return c.Store.SightCases(ctx, caseCommentsFollower, store.Unmoved, store.Unmoved, batch)
}

// Tidy forgets circumstances of responses that no comment will come to any more.
func (c *Cases) Tidy(ctx context.Context) error {
	now := c.Now()
	return c.Store.TidyCases(ctx, now.Add(-caseResponsesFor), now.Add(-caseCommentsFor), caseTidiedAtOnce)
}
