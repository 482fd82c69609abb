package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// removal is a record that is taken away.
type removal struct {
	store.Removal
	// at is the position of the event that says so.
	at int64
	// erasure is what it was removed by; empty when its time was over.
	erasure string
}

// identity is what a record is known by.
type identity struct {
	refusal    bool
	survey, id string
}

func identityOf(r store.Record) identity {
	if r.Fact != nil {
		return identity{survey: r.Fact.Survey, id: r.Fact.ID}
	}
	return identity{refusal: true, survey: r.Refusal.Survey, id: r.Refusal.ID}
}

// erasurePrefix begins the resource names of erasures.
const erasurePrefix = "erasures/"

// removalOf converts an event by which something is removed.
func removalOf(e *surveyv1.Event) (removal, error) {
	r := e.GetRemoved()
	out := removal{at: e.GetPosition(), erasure: strings.TrimPrefix(r.GetErasure(), erasurePrefix)}
	out.Position = r.GetPosition()
	var err error
	if out.Survey, out.ID, err = surveys.ParseItem(r.GetName(), "responses"); err == nil {
		return out, nil
	}
	out.Refusal = true
	if out.Survey, out.ID, err = surveys.ParseItem(r.GetName(), "refusals"); err != nil {
		return removal{}, poison(fmt.Errorf("%q is neither a response nor a refusal", r.GetName()))
	}
	return out, nil
}

// take finds the records that a part takes away. What the part itself adds of them is left out of the changes; what is stored is returned, to
// be subtracted.
func (d *draft) take(ctx context.Context, st store.Store, p part) ([]store.Record, error) {
	if len(p.removals) == 0 {
		return nil, nil
	}
	gone := make(map[identity]*removal, len(p.removals))
	at := make(map[int64]*removal, len(p.removals))
	asked := make([]*removal, 0, len(p.removals))
	places := make([]store.Place, 0, len(p.removals))
	for i := range p.removals {
		r := &p.removals[i]
		id := identity{refusal: r.Refusal, survey: r.Survey, id: r.ID}
		if gone[id] != nil {
			continue
		}
		gone[id], at[r.Position] = r, r
		asked, places = append(asked, r), append(places, r.Place)
		d.changes.Removed = append(d.changes.Removed, r.Removal)
	}
	d.changes.Records = slices.DeleteFunc(slices.Clone(p.records), func(x store.Record) bool {
		r := gone[identityOf(x)]
		if r != nil && x.Position == r.Position {
			d.erase(r, store.Found{Fact: x.Fact, Refusal: x.Refusal})
		}
		return r != nil
	})
	d.changes.Aside = slices.DeleteFunc(slices.Clone(p.aside), func(x store.SetAside) bool {
		r := at[x.Position]
		if r != nil {
			d.erase(r, store.Found{Aside: true})
		}
		return r != nil
	})
	found, err := st.Find(ctx, p.ledger, places)
	if err != nil {
		return nil, err
	}
	var taken []store.Record
	for i, f := range found {
		r := asked[i]
		switch {
		case f.Fact != nil && f.Fact.ID == r.ID || f.Refusal != nil && f.Refusal.ID == r.ID:
			taken = append(taken, store.Record{Position: r.Position, Fact: f.Fact, Refusal: f.Refusal})
		case f.Aside:
			d.changes.Resolved = append(slices.Clone(d.changes.Resolved), r.Position)
		default:
			// It was never seen, or removed before.
			continue
		}
		d.erase(r, f)
	}
	return taken, nil
}

// erase counts what is taken away by an erasure.
func (d *draft) erase(r *removal, f store.Found) {
	if r.erasure == "" {
		return
	}
	if d.changes.Erased == nil {
		d.changes.Erased = make(map[string]store.Erased)
	}
	var one store.Erased
	switch {
	case f.Fact != nil:
		one.Responses = 1
	case f.Refusal != nil:
		one.Refusals = 1
	default:
		one.Aside = 1
	}
	d.changes.Erased[r.erasure] = d.changes.Erased[r.erasure].Add(one)
}

// subtract takes back what stored records count.
func (d *draft) subtract(ctx context.Context, st store.Store, l store.Ledger, taken []store.Record, outcomes map[store.Invitation]fact.Outcome) error {
	// unsure are the invitations whose outcome cannot be told from the one before.
	unsure := make(map[store.Invitation]bool)
	for _, r := range taken {
		i := invitationOf(r)
		d.changes.Purged = append(d.changes.Purged, store.PurgeOf(r))
		if r.Fact != nil {
			d.delta.RemoveFact(r.Fact)
		} else if i.ID == "" {
			d.delta.RemoveRefusal(r.Refusal)
		}
		if i.ID == "" || unsure[i] {
			continue
		}
		var after fact.Outcome
		var sure bool
		if r.Fact != nil {
			after, sure = outcomes[i].WithoutResponse()
		} else {
			after, sure = outcomes[i].WithoutRefusal(r.Refusal.ID)
		}
		if sure {
			d.become(outcomes, i, after)
		} else {
			unsure[i] = true
		}
	}
	if len(unsure) == 0 {
		return nil
	}
	without := make(map[identity]bool, len(taken))
	for _, r := range taken {
		without[identityOf(r)] = true
	}
	anew, err := outcomesOf(ctx, st, l, unsure, without)
	if err != nil {
		return err
	}
	for i := range unsure {
		d.become(outcomes, i, anew[i])
	}
	return nil
}

// outcomesOf makes the outcomes of invitations anew from all records of their surveys but some.
func outcomesOf(
	ctx context.Context, st store.Store, l store.Ledger, asked map[store.Invitation]bool, without map[identity]bool,
) (map[store.Invitation]fact.Outcome, error) {
	outcomes := make(map[store.Invitation]fact.Outcome, len(asked))
	add := func(r store.Record, news fact.Outcome) {
		if i := invitationOf(r); asked[i] && !without[identityOf(r)] {
			outcomes[i] = outcomes[i].With(news)
		}
	}
	read := make(map[string]bool)
	for i := range asked {
		if read[i.Survey] {
			continue
		}
		read[i.Survey] = true
		err := st.Facts(ctx, l, i.Survey, func(_ int64, f *fact.Fact) error {
			add(store.Record{Fact: f}, fact.Outcome{Answered: true})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read responses to invitations: %w", err)
		}
		err = st.Refusals(ctx, l, i.Survey, func(_ int64, r *fact.Refusal) error {
			add(store.Record{Refusal: r}, fact.Outcome{Refusal: r})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read refusals of invitations: %w", err)
		}
	}
	return outcomes, nil
}
