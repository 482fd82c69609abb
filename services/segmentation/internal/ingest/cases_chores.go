package ingest

import (
	"context"
	"errors"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Tick does to cases what time has done to them: what is due, late or escalated.
func (c *Cases) Tick(ctx context.Context) error {
	for {
		n, err := c.Store.TickCases(ctx, c.Now(), caseTicksAtOnce)
		if err != nil || n < caseTicksAtOnce {
			return err
		}
	}
}

// Sight looks at comments whose response came after them.
func (c *Cases) Sight(ctx context.Context) error {
	for {
		waiting, err := c.Store.CommentsToSight(ctx, caseCommentsAtOnce)
		if err != nil || len(waiting) == 0 {
			return err
		}
		batch, book := store.CaseBatch{Now: c.Now(), Sighted: waiting}, c.rulebook()
		for _, comment := range waiting {
			rules, err := book.of(ctx, comment.Organization)
			if err != nil {
				return err
			}
			if err := c.comment(ctx, comment, rules, &batch); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		// A response that was removed meanwhile is waited for in vain: its comments are not kept again.
		batch.Comments = nil
		if err := c.Store.SightCases(ctx, caseCommentsFollower, store.Unmoved, store.Unmoved, batch); err != nil || len(waiting) < caseCommentsAtOnce {
			return err
		}
	}
}

// Tidy forgets circumstances of responses that no comment will come to any more.
func (c *Cases) Tidy(ctx context.Context) error {
	now := c.Now()
	return c.Store.TidyCases(ctx, now.Add(-caseResponsesFor), now.Add(-caseCommentsFor), caseTidiedAtOnce)
}
