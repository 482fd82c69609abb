package query

import (
	"context"
	"fmt"
	"sort"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
)

// poolRespondents replaces the pooled answers of slices, in which each response stands for itself, by those of respondents, where any
// response names its respondent: then the facts are read one by one, since no cube can know which of its responses are one person's.
func (p *plan) poolRespondents(ctx context.Context, d Data, slices []cube.Slice) error {
	known, err := d.Facts.HasRespondents(ctx, p.Survey)
	if err != nil {
		return fmt.Errorf("look for respondents: %w", err)
	}
	if !known || p.period.IsEmpty() {
		return nil
	}
	if p.recall(ctx, d.Memo, slices) {
		return nil
	}
	clusters := newClusters(p, slices)
	if err := d.Facts.Facts(ctx, p.Survey, clusters.add); err != nil {
		return fmt.Errorf("read responses: %w", err)
	}
	if err := clusters.finish(slices); err != nil {
		return err
	}
	return p.remember(ctx, d.Memo, slices)
}

// clusters adds up the answers of respondents in each slice.
type clusters struct {
	plan *plan
	// steps of the slices, ascending, without repetition.
	steps []calendar.Period
	// slice finds a slice by value and step.
	slice map[place]int
	// respondents adds up by slice and respondent, single counts responses that name none.
	respondents []map[string]pool.Answers
	single      []histogram.Histogram
}

type place struct {
	value string
	first calendar.Bucket
}

// step is the period of a slice.
func (p *plan) step(s cube.Slice) calendar.Period {
	if p.Grain == calendar.None {
		return p.period
	}
	return s.Step.Period
}

// place is where a slice is found.
func (p *plan) place(s cube.Slice) place { return place{s.Value, p.step(s).First} }

func newClusters(p *plan, slices []cube.Slice) *clusters {
	c := &clusters{
		plan: p, slice: make(map[place]int, len(slices)),
		respondents: make([]map[string]pool.Answers, len(slices)), single: make([]histogram.Histogram, len(slices)),
	}
	seen := make(map[calendar.Period]bool)
	for i, s := range slices {
		step := p.step(s)
		c.slice[p.place(s)] = i
		if !seen[step] {
			seen[step] = true
			c.steps = append(c.steps, step)
		}
	}
	sort.Slice(c.steps, func(i, j int) bool { return c.steps[i].First < c.steps[j].First })
	return c
}

// add counts a response in the slice that it belongs to, if any.
func (c *clusters) add(f *fact.Fact) error {
	p := c.plan
	if f.Population != p.Population {
		return nil
	}
	var value string
	if p.Key != fact.NoKey {
		value = f.Context.Value(p.Key)
		if p.Value != nil && value != *p.Value {
			return nil
		}
	}
	bucket := calendar.BucketOf(f.CountTime)
	i := sort.Search(len(c.steps), func(i int) bool { return c.steps[i].First > bucket }) - 1
	if i < 0 || bucket >= c.steps[i].End {
		return nil
	}
	at, ok := c.slice[place{value, c.steps[i].First}]
	if !ok {
		// The response arrived after the slices were counted.
		return nil
	}
	answers := pool.Of(f)
	switch {
	case answers.Count == 0:
	case f.Respondent == "":
		if err := c.single[at].Add(answers.Code(), 1); err != nil {
			return err
		}
	default:
		if c.respondents[at] == nil {
			c.respondents[at] = make(map[string]pool.Answers)
		}
		c.respondents[at][f.Respondent] = c.respondents[at][f.Respondent].Add(answers)
	}
	return nil
}

// finish puts the respondents into the slices.
func (c *clusters) finish(slices []cube.Slice) error {
	for i := range slices {
		h := c.single[i]
		for _, answers := range c.respondents[i] {
			if err := h.Add(answers.Code(), 1); err != nil {
				return err
			}
		}
		slices[i].Pooled = h
	}
	return nil
}
