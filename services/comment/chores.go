package comment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/services/comment/internal/api"
	"github.com/otklik/otklik/services/comment/internal/peers"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// chorePage is how many things are read at a time.
	chorePage = 100
	// forgetInterval is how often is looked for words whose time is over, and forgetBatch how many comments lose theirs at a time.
	forgetInterval = time.Hour
	forgetBatch    = 500
	// activeFor is how far back the last comment of a survey lies at most that is looked at for themes that emerge.
	activeFor = 30 * 24 * time.Hour
)

// chores are what the service does from time to time: one of the processes that share the store, the one that follows the change log, does them.
type chores struct {
	store    store.Store
	proposer api.Proposer
	consents api.Consents
	mine     func() bool
	config   Config
	log      *slog.Logger
	now      func() time.Time
}

// run does the chores until ctx ends.
func (c *chores) run(ctx context.Context) error {
	chores := []chore.Chore{
		{What: "looking for themes that emerge", Every: c.config.Proposals, Do: c.propose},
		{What: "looking at consents to publication", Every: c.config.Consents, Do: c.withdraw},
	}
	if c.config.Retention.Words > 0 {
		chores = append(chores, chore.Chore{What: "forgetting words whose time is over", Every: forgetInterval, Do: c.forget})
	}
	return chore.Household{Mine: c.mine, Log: c.log, Now: c.now}.Run(ctx, chores...)
}

// propose enters the themes that emerge in all surveys that have comments of late. A survey that fails keeps no other from its turn.
func (c *chores) propose(ctx context.Context) error {
	var after [2]string
	var failed error
	for {
		list, err := c.store.ActiveSurveys(ctx, c.now().Add(-activeFor), after, chorePage)
		if err != nil || len(list) == 0 {
			return errors.Join(failed, err)
		}
		for _, s := range list {
			after = s
			entries, err := c.proposer.Propose(ctx, s[0], s[1])
			if err != nil {
				if ctx.Err() != nil {
					return err
				}
				failed = errors.Join(failed, fmt.Errorf("of %s, survey %s: %w", s[0], s[1], err))
				continue
			}
			if len(entries) > 0 {
				c.log.InfoContext(ctx, "themes that emerge were entered in the registers", slog.String("organization", s[0]), slog.String("survey", s[1]),
					slog.Int("entries", len(entries)))
			}
		}
	}
}

// forget takes the words out of comments whose time is over.
func (c *chores) forget(ctx context.Context) error {
	before := c.now().Add(-c.config.Retention.Words)
	for {
		n, err := c.store.ForgetWords(ctx, before, forgetBatch)
		if err != nil || n == 0 {
			return err
		}
		c.log.InfoContext(ctx, "words of comments whose time is over were forgotten", slog.Int("comments", n))
	}
}

// withdraw takes testimonials back whose writers do not agree to publication any more.
func (c *chores) withdraw(ctx context.Context) error {
	var after [2]string
	for {
		list, err := c.store.PublishedAfter(ctx, after, chorePage)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			after = [2]string{t.Organization, t.ID}
			if !t.NeedsConsent() {
				continue
			}
			consent, err := c.consents.Publication(ctx, t.Organization, peers.ResponseName(t.Survey, t.Response))
			if err != nil {
				return err
			}
			if consent != "" {
				continue
			}
			from := t.State
			t.Withdraw(c.now())
			err = c.store.UpdateTestimonial(ctx, t, from)
			if err != nil && !errors.Is(err, store.ErrChanged) && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
}
