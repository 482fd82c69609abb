package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// watched is a rule of an organisation, due at noon.
func watched(org, id string) store.AlertRule {
	value := 7.5
	return store.AlertRule{Due: noon, Rule: alert.Rule{
		Organization: org, ID: id, DisplayName: "Филиалы",
		Subject: alert.Subject{
			Survey: "shop", Metric: metric.NPS, Variant: metric.NPSAnswered, Question: "recommend", UnitKey: "location", Filter: `channel = "app"`,
			Population: fact.Customer, Grain: calendar.Week, TimeZone: "Asia/Bishkek",
		},
		Params:   alert.Params{Baseline: alert.Baseline{Value: &value}}.WithDefaults(),
		Silences: []alert.Silence{{Start: noon, End: noon.Add(time.Hour), Units: []string{"north\x00"}, Reason: "inventory", CreatedBy: "key-1"}},
		Revision: 1, CreateTime: noon, UpdateTime: noon, UpdatedBy: "key-1",
	}}
}

// watch stores a rule.
func watch(t testing.TB, s store.Store, r store.AlertRule) store.AlertRule {
	t.Helper()
	stored, err := s.CreateAlertRule(context.Background(), r, most)
	if err != nil {
		t.Fatalf("create alert rule %s: %v", r.ID, err)
	}
	return stored
}

// change is a change of a unit that was found some hours after noon.
func change(unit string, hours int) alert.Update {
	size := -12.5
	at := noon.Add(time.Duration(hours) * time.Hour)
	return alert.Update{Kind: alert.Opened, Alert: alert.Alert{
		Subject: watched(acme, "").Subject, Unit: unit, State: alert.Open, Direction: alert.Down, FirstSeen: at, LastSeen: at, AsOf: at, Revision: 1, Told: &size,
		Verdict: alert.Verdict{Unit: unit, Family: 3, Q: 0.01, Outside: true, Finding: alert.Finding{Change: size, Interval: &stat.Interval{Low: -20, High: -5}, N: 40, P: 0.001}},
		Life:    []alert.Step{{State: alert.Open, Time: at, Change: size, P: 0.001}},
	}}
}

// finish stores an evaluation.
func finish(t testing.TB, s store.Store, r store.AlertRule, updates ...alert.Update) store.AlertRule {
	t.Helper()
	stored, err := s.FinishEvaluation(context.Background(), r, updates, noon)
	if err != nil {
		t.Fatalf("finish evaluation of %s: %v", r.ID, err)
	}
	return stored
}

func liveAlerts(t testing.TB, s store.Store, r store.AlertRule) []alert.Alert {
	t.Helper()
	live, err := s.LiveAlerts(context.Background(), r.Organization, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// alertMethods calls every method of store.Alerts.
func alertMethods(s store.Store) map[string]func(ctx context.Context) error {
	r := watched(acme, "stores")
	return map[string]func(ctx context.Context) error{
		"CreateAlertRule":  func(ctx context.Context) error { _, err := s.CreateAlertRule(ctx, r, most); return err },
		"AlertRule":        func(ctx context.Context) error { _, err := s.AlertRule(ctx, acme, "stores"); return err },
		"ListAlertRules":   func(ctx context.Context) error { _, err := s.ListAlertRules(ctx, acme, "", 1); return err },
		"UpdateAlertRule":  func(ctx context.Context) error { _, err := s.UpdateAlertRule(ctx, r, nil, noon); return err },
		"DeleteAlertRule":  func(ctx context.Context) error { return s.DeleteAlertRule(ctx, acme, "stores", noon) },
		"ClaimAlertRules":  func(ctx context.Context) error { _, err := s.ClaimAlertRules(ctx, noon, noon, noon, 1); return err },
		"LiveAlerts":       func(ctx context.Context) error { _, err := s.LiveAlerts(ctx, acme, "stores"); return err },
		"FinishEvaluation": func(ctx context.Context) error { _, err := s.FinishEvaluation(ctx, r, nil, noon); return err },
		"GetAlert":         func(ctx context.Context) error { _, err := s.GetAlert(ctx, acme, "stores", 1); return err },
		"ListAlerts": func(ctx context.Context) error {
			_, err := s.ListAlerts(ctx, store.AlertQuery{Organization: acme, Limit: 1})
			return err
		},
		"AlertEvents":      func(ctx context.Context) error { _, _, err := s.AlertEvents(ctx, "", 0, 1); return err },
		"SweepAlertEvents": func(ctx context.Context) error { _, err := s.SweepAlertEvents(ctx, noon, 1); return err },
	}
}
