package ingest

import (
	"context"
	"strings"

	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// alerts looks at alerts that were opened.
func (c *Cases) alerts(ctx context.Context, events []*scoringv1.AlertEvent, from, to int64) error {
	batch, book := store.CaseBatch{Now: c.Now()}, c.rulebook()
	for _, e := range events {
		a := e.GetAlert()
		if e.GetKind() != scoringv1.AlertEvent_KIND_OPENED || a.GetState() != scoringv1.Alert_STATE_OPEN {
			continue
		}
		rules, err := book.of(ctx, e.GetOrganization())
		if err != nil {
			return err
		}
		rule, _, _ := strings.Cut(strings.TrimPrefix(a.GetName(), "alertRules/"), "/")
		o := trigger.Occurrence{
			Kinds: []trigger.Kind{trigger.Alert}, Resource: a.GetName(), Time: e.GetTime().AsTime(), Survey: a.GetSurvey(), AlertRule: rule,
			Down: a.GetDirection() == scoringv1.Alert_DIRECTION_DOWN, Unit: "alertRules/" + rule + "/" + a.GetUnitKey() + "/" + a.GetUnit(),
		}
		switch a.GetUnitKey() {
		case "company":
			o.About.Company = a.GetUnit()
		case "location":
			o.About.Location = a.GetUnit()
		case "region":
			o.About.Region = a.GetUnit()
		}
		if chosen := choose(rules, o, o.Time); len(chosen) > 0 {
			batch.Sightings = append(batch.Sightings, store.CaseSighting{Organization: e.GetOrganization(), Occurrence: o, Rules: chosen})
		}
	}
	return c.Store.SightCases(ctx, caseAlertsFollower, from, to, batch)
}
