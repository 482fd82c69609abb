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
		stored, there := t.stored[u]
		company, counted := t.companies[u.ID]
		switch {
		case u.Kind == light.Company && !there:
			companies = append(companies, u.ID)
		case u.Kind == light.Contact && (!there || counted && company != stored.company):
			contacts = append(contacts, u.ID)
		}
	}
	out := map[light.Unit]storedLight{}
	t.homes = map[string]string{}
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
			out[light.Unit{Kind: light.Contact, ID: id}] = storedLight{value: h.Value, company: h.Company}
			t.homes[id] = h.Company
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
		units := make(map[light.Unit]bool, len(ids))
		for _, id := range ids {
			units[light.Unit{Kind: of, ID: id}] = true
		}
		stored, err := lightsOf(ctx, w, c, c.generation, units)
		if err != nil {
			return err
		}
		if len(stored) == 0 {
			continue
		}
		values, homes, err := w.worth(ctx, c, of, ids)
		if err != nil {
			return err
		}
		var puts [][]any
		for u, l := range stored {
			l.value = values[u.ID]
			if home := homes[u.ID]; home != "" {
				l.company = home
			}
			l.stake = 0
			if l.colour == light.Red {
				l.stake = workorder.Stake(l.value, l.mean, c.policy.Red)
			}
			puts = append(puts, []any{organization, c.generation, int64(u.Kind), u.ID, l.value, l.stake, l.company})
		}
		if err := w.many(ctx, sqlRevalue, puts); err != nil {
			return err
		}
	}
	return nil
}

const sqlRevalue = `UPDATE lights SET value = $5, stake = $6, company = $7 WHERE organization = $1 AND generation = $2 AND kind = $3 AND unit = $4`

// worth is what companies, or contacts, are worth by the policy of a counting, and where contacts belong.
func (w *writing) worth(ctx context.Context, c counting, kind light.Kind, ids []string) (values map[string]float64, homes map[string]string, err error) {
	if kind == light.Company {
		values, err = companyValues(ctx, w, c.organization, ids, c.policy.ValueAttribute)
		return values, nil, err
	}
	found, err := contactHomes(ctx, w, c.organization, ids, c.policy.ValueAttribute)
	if err != nil {
		return nil, nil, err
	}
	values, homes = make(map[string]float64, len(found)), make(map[string]string, len(found))
	for id, h := range found {
		values[id], homes[id] = h.Value, h.Company
	}
	return values, homes, nil
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
