package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/alert"
)

// Alerts keeps what is watched for change, what was found, and what is told of it to others. It outlasts the scores: Clear leaves it.
type Alerts interface {
	// CreateAlertRule stores a new rule, to be evaluated when Due has passed, and returns it as it is stored: Revision and Version are 1. ErrTaken,
	// ErrTooMany when the organisation has `most` of them.
	CreateAlertRule(ctx context.Context, r AlertRule, most int) (AlertRule, error)

	// AlertRule returns a rule. ErrNotFound.
	AlertRule(ctx context.Context, organization, id string) (AlertRule, error)

	// ListAlertRules lists an organisation's rules after an identifier (empty for all), in the order of the bytes of identifiers, up to limit.
	ListAlertRules(ctx context.Context, organization, after string, limit int) ([]AlertRule, error)

	// UpdateAlertRule stores the next revision of a rule, with what becomes of its alerts and is told of that, and returns it as it is stored. Version must be
	// what it is now: ErrChanged. ErrNotFound.
	UpdateAlertRule(ctx context.Context, r AlertRule, updates []alert.Update, at time.Time) (AlertRule, error)

	// DeleteAlertRule removes a rule with its alerts; those that are not over are told as ended. ErrNotFound.
	DeleteAlertRule(ctx context.Context, organization, id string, at time.Time) error

	// ClaimAlertRules returns rules of all organisations whose Due is not after a moment, those due longest first, and that nobody has claimed for a time
	// that reaches beyond now. They are claimed until a moment.
	ClaimAlertRules(ctx context.Context, due, now, until time.Time, limit int) ([]AlertRule, error)

	// LiveAlerts returns the alerts of a rule that are not over, by number.
	LiveAlerts(ctx context.Context, organization, rule string) ([]alert.Alert, error)

	// FinishEvaluation stores Due and Progress of a rule, with what becomes of its alerts and is told of that: each period is evaluated by one process alone, and
	// once. The claim ends, but that of a rule whose Due is what it was, or not after Progress.AsOf: who claimed it goes on. Version must be what it is now:
	// ErrChanged, also when the rule is gone.
	FinishEvaluation(ctx context.Context, r AlertRule, updates []alert.Update, at time.Time) (AlertRule, error)

	// GetAlert returns an alert. ErrNotFound.
	GetAlert(ctx context.Context, organization, rule string, number int64) (alert.Alert, error)

	// ListAlerts lists alerts, those seen first last in time first, up to a limit. Alerts that are found meanwhile do not move the ones that follow.
	ListAlerts(ctx context.Context, q AlertQuery) ([]FoundAlert, error)

	// AlertEvents returns events with a position greater than after, in order, and where the events end. Organization narrows them; empty for all. No event with a
	// lesser position is added after one was returned.
	AlertEvents(ctx context.Context, organization string, after int64, limit int) ([]AlertEvent, AlertHead, error)

	// SweepAlertEvents removes events that were stored before a moment, at most limit, and tells how many.
	SweepAlertEvents(ctx context.Context, before time.Time, limit int) (int, error)
}

// AlertRule is a rule with how far it was evaluated.
type AlertRule struct {
	alert.Rule
	// Version counts the changes of the rule and its evaluations.
	Version int64
	// Due is the end of the next period that is to be evaluated; zero when none is.
	Due      time.Time
	Progress AlertProgress
}

// AlertProgress is how far a rule was evaluated. It is stored as JSON: its fields keep their names.
type AlertProgress struct {
	// EvaluatedTo is the end of the last period that was evaluated, AsOf up to when answers were counted; zero when none was.
	EvaluatedTo, AsOf time.Time
	// Units is how many units were judged.
	Units int
	// Error says why the last attempt failed; empty when it did not.
	Error string
}

// AlertQuery asks for a page of alerts.
type AlertQuery struct {
	Organization string
	// Rule and Survey narrow; empty for all. Unit narrows when it is not nil.
	Rule, Survey string
	Unit         *string
	// States narrow; none for all.
	States []alert.State
	// Since narrows to alerts seen first at or after a moment; zero for all.
	Since time.Time
	// Before is the alert after which the page begins; zero for the first page.
	Before AlertPlace
	Limit  int
}

// AlertPlace is where an alert stands in a list.
type AlertPlace struct {
	FirstSeen time.Time
	Number    int64
}

// FoundAlert is an alert and its rule's identifier.
type FoundAlert struct {
	Rule string
	alert.Alert
}

// AlertEvent is something that happened to an alert.
type AlertEvent struct {
	Position           int64
	Organization, Rule string
	// RuleName is what people call the rule.
	RuleName string
	Kind     alert.Kind
	// Alert is the alert as it was then, without its life.
	Alert alert.Alert
	Time  time.Time
}

// AlertHead is where events end; 0 where there are none.
type AlertHead struct {
	// Position is that of the last of the events that were asked for, Last that of the last of all organisations.
	Position, Last int64
}
