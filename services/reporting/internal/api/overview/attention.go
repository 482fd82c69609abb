package overview

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/api/inbox"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// shownTurned and shownAlerts are how many are shown.
	shownTurned = 10
	shownAlerts = 20
	// dueSoon is how far ahead cases are due.
	dueSoon = 24 * time.Hour
)

// tellLights tells the lights of companies and locations. Those of employees are no matter of overviews.
func (s *Server) tellLights(ctx context.Context, p *plan, out *answer) error {
	for _, kind := range []struct {
		kind segmentationv1.LightKind
		name string
	}{{segmentationv1.LightKind_LIGHT_KIND_COMPANY, "companies"}, {segmentationv1.LightKind_LIGHT_KIND_LOCATION, "locations"}} {
		page, err := s.Segmentation.Lights(ctx, kind.kind)
		if err != nil {
			if err := out.missing(ctx, reportingv1.OverviewPart_OVERVIEW_PART_LIGHTS, kind.name, err); err != nil {
				return err
			}
			continue
		}
		lights := lightsOf(page, p.turnedAfter())
		lights.Kind = kind.name
		out.put(func(o *reportingv1.Overview) { o.Lights = append(o.Lights, lights) })
	}
	return nil
}

// lightsOf counts lights and finds those that turned after a time.
func lightsOf(page *segmentationv1.ListLightsResponse, after time.Time) *reportingv1.OverviewLights {
	out := &reportingv1.OverviewLights{LookedAt: int64(len(page.GetLights())), Watermark: page.GetWatermark()}
	for _, c := range page.GetCounts() {
		switch c.GetColour() {
		case segmentationv1.LightColour_LIGHT_COLOUR_RED:
			out.Red = c.GetCount()
		case segmentationv1.LightColour_LIGHT_COLOUR_AMBER:
			out.Amber = c.GetCount()
		case segmentationv1.LightColour_LIGHT_COLOUR_GREEN:
			out.Green = c.GetCount()
		}
	}
	var turned []*segmentationv1.Light
	for _, l := range page.GetLights() {
		if l.GetUncertain() {
			out.Uncertain++
		}
		if l.GetPreviousColour() != segmentationv1.LightColour_LIGHT_COLOUR_UNSPECIFIED && l.GetColourTime().AsTime().After(after) {
			turned = append(turned, l)
		}
	}
	slices.SortFunc(turned, func(a, b *segmentationv1.Light) int {
		return cmp.Or(b.GetColourTime().AsTime().Compare(a.GetColourTime().AsTime()), cmp.Compare(a.GetName(), b.GetName()))
	})
	out.TurnedCount = int64(len(turned))
	for _, l := range turned[:min(shownTurned, len(turned))] {
		out.Turned = append(out.Turned, &reportingv1.OverviewLight{
			Unit: strings.TrimSuffix(l.GetName(), "/light"), Colour: colourToProto(l.GetColour()), PreviousColour: colourToProto(l.GetPreviousColour()),
			ColourTime: l.GetColourTime(), Uncertain: l.GetUncertain(), Mean: l.GetMean(), Interval: l.GetInterval(), N: l.GetAnswerCount(),
		})
	}
	return out
}

// colourToProto converts a colour.
func colourToProto(c segmentationv1.LightColour) reportingv1.UnitColour {
	return reportingv1.UnitColour(c)
}

// tellCases tells what is late and what is due.
func (s *Server) tellCases(ctx context.Context, p *plan, out *answer) error {
	page, err := s.Segmentation.OpenCases(ctx)
	if err != nil {
		return out.missing(ctx, reportingv1.OverviewPart_OVERVIEW_PART_CASES, "", err)
	}
	cases := &reportingv1.OverviewCases{Open: int64(len(page.GetCases())), AtLeast: page.GetNextPageToken() != ""}
	for _, c := range page.GetCases() {
		switch due := c.GetDueTime(); {
		case inbox.Late(c):
			cases.Overdue++
		case due != nil && due.AsTime().Before(p.now.Add(dueSoon)):
			cases.Due++
		}
		if c.GetOwner() == "" {
			cases.Unowned++
		}
		if len(cases.GetFirst()) < inbox.Shown {
			cases.First = append(cases.First, inbox.Convert(c))
		}
	}
	out.put(func(o *reportingv1.Overview) { o.Cases = cases })
	return nil
}

// tellAlerts tells the alerts that are not over.
func (s *Server) tellAlerts(ctx context.Context, p *plan, out *answer) error {
	page, err := s.Measures.OpenAlerts(ctx, p.req.GetQuery().GetSurvey(), shownAlerts)
	if err != nil {
		return out.missing(ctx, reportingv1.OverviewPart_OVERVIEW_PART_ALERTS, "", err)
	}
	alerts := make([]*reportingv1.OverviewAlert, len(page.GetAlerts()))
	for i, a := range page.GetAlerts() {
		alerts[i] = &reportingv1.OverviewAlert{
			Alert: a.GetName(), Metric: metricName(a.GetMetric()), Variant: variantName(a.GetVariant()), UnitKey: a.GetUnitKey(), Unit: a.GetUnit(), Change: a.GetChange(),
			Interval: a.GetInterval(), Level: a.GetLevel(), Baseline: a.GetBaseline(), N: a.GetN(), QValue: a.GetQValue(), OnsetTime: a.GetOnsetTime(),
			Silenced: a.GetState() == scoringv1.Alert_STATE_SILENCED,
		}
	}
	out.put(func(o *reportingv1.Overview) { o.Alerts, o.MoreAlerts = alerts, page.GetNextPageToken() != "" })
	return nil
}
