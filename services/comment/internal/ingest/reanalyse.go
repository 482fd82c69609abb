package ingest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// reanalysisStep is how many comments are analysed anew in one transaction.
	reanalysisStep = 500
	// reanalysisPause is how often is looked for reanalyses.
	reanalysisPause = 2 * time.Second
	// staleOrganizations is how many organisations are looked at at a time for comments of another model.
	staleOrganizations = 100
)

// Reanalyser analyses comments anew.
type Reanalyser struct {
	o     Options
	model string
}

// NewReanalyser makes a reanalyser.
func NewReanalyser(o Options) *Reanalyser { return &Reanalyser{o: o, model: o.NewAnalyst().Model()} }

// Begin begins a reanalysis of an organisation. Errors: store.ErrExists when one runs.
func (r *Reanalyser) Begin(ctx context.Context, organization string) (store.Reanalysis, error) {
	id := strings.ToLower(rand.Text())
	return r.o.Store.BeginReanalysis(ctx, store.Reanalysis{Organization: organization, ID: id, Model: r.model, CreateTime: r.o.Now()})
}

// Run works on reanalyses until ctx ends, while this process leads. When it begins to lead, it begins one by itself where comments were analysed by another
// model: processes of different models, as during an update, take turns and do not undo each other's work.
func (r *Reanalyser) Run(ctx context.Context) {
	for began := false; ; {
		if r.leads() {
			if err := r.turn(ctx, &began); err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrLost) {
				r.o.Logger.WarnContext(ctx, "comments cannot be analysed anew; trying again", slog.Any("error", err))
			}
		} else {
			began = false
		}
		if pause.For(ctx, reanalysisPause) != nil {
			return
		}
	}
}

func (r *Reanalyser) leads() bool { return r.o.Leads == nil || r.o.Leads() }

// turn begins what has to be begun, once, takes out what was deleted, and works on what there is.
func (r *Reanalyser) turn(ctx context.Context, began *bool) error {
	if !*began {
		if err := r.beginStale(ctx); err != nil {
			return err
		}
		*began = true
	}
	if err := r.takeOut(ctx); err != nil {
		return err
	}
	return r.work(ctx)
}

// takeOut takes aspects that were deleted out of comments.
func (r *Reanalyser) takeOut(ctx context.Context) error {
	for r.leads() {
		if n, err := r.o.Store.TakeOutAspects(ctx, reanalysisStep); err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// beginStale begins a reanalysis of each organisation of which comments were analysed by another model.
func (r *Reanalyser) beginStale(ctx context.Context) error {
	for {
		list, err := r.o.Store.StaleOrganizations(ctx, r.model, staleOrganizations)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, organization := range list {
			if _, err := r.Begin(ctx, organization); err != nil && !errors.Is(err, store.ErrExists) {
				return err
			}
		}
	}
}

// work works on reanalyses until none is left.
func (r *Reanalyser) work(ctx context.Context) error {
	for {
		now := r.o.Now()
		job, err := r.o.Store.ClaimReanalysis(ctx, r.o.Holder, now, now.Add(lease))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if job.Model != r.model {
			// What it did was by another model: it cannot be gone on with, only be begun anew.
			if err := r.replace(ctx, job); err != nil {
				return err
			}
			continue
		}
		if err := r.finish(ctx, job); err != nil {
			return fmt.Errorf("analyse comments of %s anew: %w", job.Organization, err)
		}
	}
}

// replace cancels a reanalysis by another model, and begins one by that in use.
func (r *Reanalyser) replace(ctx context.Context, job store.Reanalysis) error {
	if _, err := r.o.Store.EndReanalysis(ctx, job.Organization, job.ID, true, r.o.Now()); err != nil {
		return err
	}
	if _, err := r.Begin(ctx, job.Organization); err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

func (r *Reanalyser) finish(ctx context.Context, job store.Reanalysis) error {
	analyst := r.o.NewAnalyst()
	own, err := r.o.Aspects.Of(ctx, job.Organization)
	if err != nil {
		return err
	}
	for {
		if !r.leads() {
			return store.ErrLost
		}
		list, err := r.o.Store.StaleComments(ctx, job.Organization, r.model, own.Version, job.After, reanalysisStep)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := r.o.Store.EndReanalysis(ctx, job.Organization, job.ID, false, r.o.Now())
			return err
		}
		if err := r.read(ctx, analyst, own, list); err != nil {
			return err
		}
		job.After = list[len(list)-1].Seq
		if err := r.o.Store.StoreAnalyses(ctx, r.o.Holder, r.o.Now().Add(lease), job, list); err != nil {
			return err
		}
		r.o.Instruments.renewed(ctx, len(list))
	}
}

// read analyses comments: from what was written, or, where that was destroyed or cannot be opened any more, from the text without personal data.
func (r *Reanalyser) read(ctx context.Context, analyst Analyst, own OwnAspects, list []store.Comment) error {
	var ids []string
	for _, c := range list {
		if len(c.Sealed) > 0 {
			ids = append(ids, c.Key)
		}
	}
	keys, err := r.o.Originals.Keys(ctx, ids)
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		text, err := openOriginal(keys, *c)
		if err != nil && !errors.Is(err, ErrDestroyed) {
			r.o.Logger.WarnContext(ctx, "what was written cannot be opened; analysing the text without personal data",
				slog.String("organization", c.Organization), slog.String("survey", c.Survey), slog.String("response", c.Response), slog.Any("error", err))
		}
		before := *c
		if err != nil {
			text = c.Text
		}
		reading, ok := read(analyst, own, text)
		if !ok {
			r.o.Logger.ErrorContext(ctx, "the analysis of a comment failed; it keeps the one before",
				slog.String("organization", c.Organization), slog.String("survey", c.Survey), slog.String("response", c.Response))
			continue
		}
		reading.fill(c)
		if err != nil && c.Text == before.Text {
			// A placeholder is no personal data to a model: what was replaced is known from before.
			c.Analysis.Redactions = before.Analysis.Redactions
		}
	}
	return nil
}
