package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/workorder"
)

// worthOf is what the directory says of the units of a tally: what new companies and contacts are worth, and to which company contacts belong.
func (w *writing) worthOf(ctx context.Context, t *tally) (map[light.Unit]storedLight, error) {
	var companies, contacts []string
	for u := range t.Units {
		_, there := t.stored[u]
		switch {
		case u.Kind == light.Company && !there:
			companies = append(companies, u.ID)
		case u.Kind == light.Contact && (!there || t.strays(u)):
			contacts = append(contacts, u.ID)
		}
	}
	out := map[light.Unit]storedLight{}
	t.homes = map[string]home{}
	organization, attribute := t.counting.organization, t.counting.policy.ValueAttribute
	if len(companies) > 0 {
		values, err := companyValues(ctx, w, organization, companies, attribute)
		if err != nil {
			return nil, err
		}
		for id, v := range values {
			out[light.Unit{Kind: light.Company, ID: id}] = storedLight{value: v}
		}
	}
	if len(contacts) > 0 {
		homes, err := contactHomes(ctx, w, organization, contacts, attribute)
		if err != nil {
			return nil, err
		}
		for id, h := range homes {
			out[light.Unit{Kind: light.Contact, ID: id}] = storedLight{value: h.Value}
			t.homes[id] = h
		}
	}
	return out, nil
}

// revalue brings the lights of companies, or contacts, up to date with what the directory says of them.
func (w *writing) revalue(ctx context.Context, organization string, of light.Kind, ids []string) error {
	all, err := countingsOf(ctx, w, organization)
	if err != nil || len(ids) == 0 {
		return err
	}
	for _, c := range all {
		contacts, units := map[string]bool{}, make(map[light.Unit]bool, len(ids))
		for _, id := range ids {
			if of == light.Contact {
				contacts[id] = true
			}
			units[light.Unit{Kind: of, ID: id}] = true
		}
		stored, err := lightsOf(ctx, w, c, c.generation, units)
		if err != nil {
			return err
		}
		if len(stored) == 0 {
			continue
		}
		// Only of these the answers matter.
		for id := range contacts {
			if _, there := stored[light.Unit{Kind: of, ID: id}]; !there {
				delete(contacts, id)
			}
		}
		t, err := tallyOf(ctx, w, c, contacts, map[light.Unit]bool{})
		if err != nil {
			return err
		}
		values, err := w.worth(ctx, t, of, ids)
		if err != nil {
			return err
		}
		var puts [][]any
		for u, l := range stored {
			l.value, l.stake = values[u.ID], 0
			t.place(&l)
			if l.colour == light.Red {
				l.stake = workorder.Stake(l.value, l.mean, c.policy.Red)
			}
			puts = append(puts, []any{organization, c.generation, int64(u.Kind), u.ID, l.value, l.stake, l.company, l.location, l.region})
		}
		if err := w.many(ctx, sqlRevalue, puts); err != nil {
			return err
		}
	}
	return nil
}

const sqlRevalue = `UPDATE lights SET value = $5, stake = $6, company = $7, location = $8, region = $9 WHERE organization = $1 AND generation = $2 AND kind = $3 AND unit = $4`

// worth is what companies, or contacts, are worth by the policy of a tally, which learns where contacts belong.
func (w *writing) worth(ctx context.Context, t *tally, kind light.Kind, ids []string) (values map[string]float64, err error) {
	c := t.counting
	if kind == light.Company {
		return companyValues(ctx, w, c.organization, ids, c.policy.ValueAttribute)
	}
	if t.homes, err = contactHomes(ctx, w, c.organization, ids, c.policy.ValueAttribute); err != nil {
		return nil, err
	}
	values = make(map[string]float64, len(t.homes))
	for id, h := range t.homes {
		values[id] = h.Value
	}
	return values, nil
}

// recountLights counts all answers of an organisation anew by the policy that it has, since the directory changed in many places.
func (w *writing) recountLights(ctx context.Context, organization string, at time.Time) error {
	p, err := newestPolicy(ctx, w, organization)
	if err != nil {
		return err
	}
	p.UpdateTime = at
	return w.beginCounting(ctx, organization, p)
}
