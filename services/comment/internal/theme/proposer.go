package theme

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// recentPeriod is how far back a proposal looks.
const recentPeriod = 14 * 24 * time.Hour

// Proposer enters themes that emerge in the registers: what is blamed as risks, the rest as trends.
type Proposer struct {
	Store store.Store
	// NameOf is what an aspect is called, for people.
	NameOf func(ctx context.Context, organization, aspect string) (string, error)
	Now    func() time.Time
}

// Propose looks at the last two weeks of a survey, and returns the entries that it made. A theme that is in the registers is not entered again, unless it was
// done or rejected before these weeks.
func (p *Proposer) Propose(ctx context.Context, organization, survey string) ([]register.Entry, error) {
	now := p.Now()
	start := now.Add(-recentPeriod)
	found, err := Finder{Store: p.Store}.Find(ctx, Question{
		Slice: store.Slice{Organization: organization, Survey: survey, Start: start, End: now}, Evidence: true,
	})
	if err != nil {
		return nil, fmt.Errorf("look for themes that emerge: %w", err)
	}
	var out []register.Entry
	for _, e := range found.Themes {
		if e.LogOdds <= 0 {
			continue
		}
		entry, err := p.entry(ctx, organization, survey, e, now)
		if err != nil {
			return nil, err
		}
		known, err := p.known(ctx, entry, start)
		if err != nil {
			return nil, err
		}
		if known {
			continue
		}
		stored, err := p.Store.CreateEntry(ctx, entry)
		if errors.Is(err, store.ErrExists) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, stored)
	}
	return out, nil
}

// known tells whether a theme is in the registers.
func (p *Proposer) known(ctx context.Context, e register.Entry, since time.Time) (bool, error) {
	last, err := p.Store.FindEntry(ctx, e.Organization, e.Theme)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	ended := last.State == register.Done || last.State == register.Rejected
	return !ended || last.UpdateTime.After(since), err
}

// entry is what is entered of a theme.
func (p *Proposer) entry(ctx context.Context, organization, survey string, e Emerging, now time.Time) (register.Entry, error) {
	q := e.Q
	out := register.Entry{
		Organization: organization, Kind: register.Trend, State: register.Proposed, Survey: "surveys/" + survey, QValue: &q, CreateTime: now, UpdateTime: now,
		Changes: []register.Change{{State: register.Proposed, Time: now}},
	}
	if e.Blamed {
		out.Kind = register.Risk
	}
	if e.Aspect != "" {
		name, err := p.NameOf(ctx, organization, e.Aspect)
		if err != nil {
			return out, err
		}
		out.DisplayName, out.Aspect, out.Sentiment = clip(name), "aspects/"+e.Aspect, uint8(e.Sentiment)
		out.Theme = fmt.Sprintf("%s aspect %s %d", survey, e.Aspect, e.Sentiment)
	} else {
		out.DisplayName, out.Phrase = clip(e.Phrase), clip(e.Phrase)
		out.Theme = fmt.Sprintf("%s phrase %x", survey, e.PhraseKey)
	}
	// The same theme found at the same time by two processes has one identifier.
	out.ID = identifier(out.Theme, now)
	for _, c := range e.Evidence {
		out.Comments = append(out.Comments, strings.Join([]string{"surveys", c.Survey, "responses", c.Response, "comments", c.ID}, "/"))
	}
	return out, nil
}

// mostName is how many characters a name of an entry has at most: what is longer could not be changed by people.
const mostName = 200

func clip(name string) string {
	if r := []rune(name); len(r) > mostName {
		return string(r[:mostName-1]) + "…"
	}
	return name
}
