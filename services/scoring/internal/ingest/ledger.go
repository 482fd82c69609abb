package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// part is the records of one organisation in a batch.
type part struct {
	ledger  store.Ledger
	records []store.Record
	aside   []store.SetAside
	// resolved are positions of events that were set aside before.
	resolved []int64
	// removals are records that are taken away, those of the batch included.
	removals []removal
}

// commit stores the parts of a batch, each of another ledger, and returns what they changed. Records that are stored already are rare - a
// change log holds each once - so that they are looked for only when the store finds one.
func commit(ctx context.Context, st store.Store, batch *store.Batch, parts []part) ([]draft, error) {
	drafts, err := tryCommit(ctx, st, batch, parts)
	if !errors.Is(err, store.ErrDuplicate) {
		return drafts, err
	}
	for i := range parts {
		if parts[i].records, err = fresh(ctx, st, parts[i].ledger, parts[i].records); err != nil {
			return nil, err
		}
	}
	return tryCommit(ctx, st, batch, parts)
}

// tryCommit composes what the parts change and applies it to the store.
func tryCommit(ctx context.Context, st store.Store, batch *store.Batch, parts []part) ([]draft, error) {
	drafts := make([]draft, len(parts))
	batch.Changes = make([]store.Changes, len(parts))
	for i, p := range parts {
		var err error
		if drafts[i], err = compose(ctx, st, p); err != nil {
			return nil, err
		}
		batch.Changes[i] = drafts[i].changes
	}
	return drafts, st.Apply(ctx, *batch)
}

// draft is what a batch changes in one ledger: what the store keeps of it and what the book counts.
type draft struct {
	changes store.Changes
	delta   *delta.Delta
}

// compose works out what the records of a part change in its ledger.
func compose(ctx context.Context, st store.Store, p part) (draft, error) {
	d := draft{changes: store.Changes{Ledger: p.ledger, Records: p.records, Aside: p.aside, Resolved: p.resolved}, delta: &delta.Delta{}}
	taken, err := d.take(ctx, st, p)
	if err != nil {
		return draft{}, fmt.Errorf("compose changes: %w", err)
	}
	var outcomes map[store.Invitation]fact.Outcome
	if asked := invitations(d.changes.Records, taken); len(asked) > 0 {
		if outcomes, err = st.Outcomes(ctx, p.ledger, asked); err != nil {
			return draft{}, fmt.Errorf("compose changes: %w", err)
		}
	}
	if err := d.subtract(ctx, st, p.ledger, taken, outcomes); err != nil {
		return draft{}, fmt.Errorf("compose changes: %w", err)
	}
	if err := enrich(ctx, st, p.ledger.Organization, d.changes.Records); err != nil {
		return draft{}, fmt.Errorf("compose changes: %w", err)
	}
	for _, r := range d.changes.Records {
		if r.Fact != nil {
			d.delta.AddFact(r.Fact)
			d.join(outcomes, r.Fact.Survey, r.Fact.Invitation, fact.Outcome{Answered: true})
			continue
		}
		if r.Refusal.Invitation == "" {
			d.delta.AddRefusal(r.Refusal)
			continue
		}
		d.join(outcomes, r.Refusal.Survey, r.Refusal.Invitation, fact.Outcome{Refusal: r.Refusal})
	}
	d.changes.Cells = cell.Pack(d.delta)
	return d, nil
}

// join adds what is new of an invitation to its outcome, and moves the count from the refusal that counted to the one that counts now.
func (d *draft) join(outcomes map[store.Invitation]fact.Outcome, survey, invitation string, news fact.Outcome) {
	if invitation == "" {
		return
	}
	i := store.Invitation{Survey: survey, ID: invitation}
	d.become(outcomes, i, outcomes[i].With(news))
}

// become puts the outcome of an invitation in the place of the one before.
func (d *draft) become(outcomes map[store.Invitation]fact.Outcome, i store.Invitation, after fact.Outcome) {
	before := outcomes[i]
	if after == before {
		return
	}
	d.delta.Replace(before.Counted(), after.Counted())
	outcomes[i] = after
	if d.changes.Outcomes == nil {
		d.changes.Outcomes = make(map[store.Invitation]fact.Outcome)
	}
	d.changes.Outcomes[i] = after
}

// invitations lists the invitations that records belong to, each once.
func invitations(lists ...[]store.Record) []store.Invitation {
	var list []store.Invitation
	seen := make(map[store.Invitation]bool)
	for _, records := range lists {
		for _, r := range records {
			if i := invitationOf(r); i.ID != "" && !seen[i] {
				seen[i] = true
				list = append(list, i)
			}
		}
	}
	return list
}

// invitationOf is the invitation that a record belongs to; its ID is empty when there was none.
func invitationOf(r store.Record) store.Invitation {
	if r.Fact != nil {
		return store.Invitation{Survey: r.Fact.Survey, ID: r.Fact.Invitation}
	}
	return store.Invitation{Survey: r.Refusal.Survey, ID: r.Refusal.Invitation}
}

// fresh leaves out records that the ledger holds already, and all but the first of records with the same identifier.
func fresh(ctx context.Context, st store.Store, l store.Ledger, records []store.Record) ([]store.Record, error) {
	stored, err := st.Stored(ctx, l, records)
	if err != nil {
		return nil, fmt.Errorf("look for records: %w", err)
	}
	seen := make(map[identity]bool, len(records))
	out := make([]store.Record, 0, len(records))
	for i, r := range records {
		id := identityOf(r)
		if !stored[i] && !seen[id] {
			seen[id] = true
			out = append(out, r)
		}
	}
	return out, nil
}
