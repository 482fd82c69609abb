package relational

import (
	"context"
	"strconv"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// tellLights tells others of lights that show another colour, and enters those of contacts in their timelines.
func (w *writing) tellLights(ctx context.Context, t *tally, changed []lightChange, now time.Time) error {
	c := t.counting
	var homes []string
	for _, ch := range changed {
		if ch.told() && ch.now.unit.Kind == light.Contact && ch.now.company != "" {
			homes = append(homes, ch.now.company)
		}
	}
	stakes, err := w.stakesOf(ctx, c, homes)
	if err != nil {
		return err
	}
	for _, ch := range changed {
		if !ch.told() {
			continue
		}
		l := ch.now
		stake := l.stake
		if l.unit.Kind == light.Contact {
			stake = stakes[l.company]
		}
		body, err := store.EncodeBody(store.LightChange{
			Of: l.unit.Kind.String(), Unit: l.unit.ID, Colour: l.colour.String(), Previous: ch.before.colour.String(), Uncertain: ch.reading.Uncertain, Mean: l.mean,
			Answers: l.answers, Stake: stake, PolicyVersion: c.version, Rejudged: ch.rejudged,
		})
		if err != nil {
			return err
		}
		e := store.Event{Kind: store.LightChanged, Resource: light.Name(l.unit), Body: body, Time: now, Company: l.company, Region: l.region}
		switch l.unit.Kind {
		case light.Company:
			e.Company = l.unit.ID
		case light.Contact:
			e.Contact, e.Location = l.unit.ID, l.location
			if e.Person, err = w.lightPerson(ctx, t, l.unit.ID); err != nil {
				return err
			}
		case light.Location:
			e.Location = l.unit.ID
		case light.Staff:
			e.Employee = l.unit.ID
		}
		if err := w.tell(ctx, c.organization, e); err != nil {
			return err
		}
		if l.unit.Kind == light.Contact {
			if err := w.rememberLight(ctx, c.organization, e.Person, ch, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// stakesOf are the values at stake of companies.
func (w *writing) stakesOf(ctx context.Context, c counting, companies []string) (map[string]float64, error) {
	units := make(map[light.Unit]bool, len(companies))
	for _, id := range companies {
		units[light.Unit{Kind: light.Company, ID: id}] = true
	}
	found, err := lightsOf(ctx, w, c, c.generation, units)
	out := make(map[string]float64, len(found))
	for u, l := range found {
		out[u.ID] = l.stake
	}
	return out, err
}

// lightPerson is the pseudonym by which a change of a contact's light came: that of the answer, or else the contact's own. What comes of the change goes with it
// when a merge is undone.
func (w *writing) lightPerson(ctx context.Context, t *tally, contact string) ([]byte, error) {
	if person := t.persons[contact]; person != nil {
		return person, nil
	}
	return contactPerson(ctx, w, t.counting.organization, contact)
}

// rememberLight enters a change of a contact's light in its timeline.
func (w *writing) rememberLight(ctx context.Context, organization string, person []byte, ch lightChange, now time.Time) error {
	l := ch.now
	body, err := timeline.Encode(timeline.Light{
		Units: timeline.Units{Company: l.company, Location: l.location, Region: l.region}, Colour: uint8(l.colour), Previous: uint8(ch.before.colour), Mean: l.mean, N: l.answers, Rejudged: ch.rejudged,
	})
	if err != nil {
		return err
	}
	return w.remember(ctx, store.TimelineEntry{
		Organization: organization, Contact: l.unit.ID, Person: person, Time: now, Kind: timeline.LightKind,
		Resource: timeline.PartOf(light.Name(l.unit), strconv.FormatInt(relational.ToMicro(now), 10)), Body: body,
	})
}
