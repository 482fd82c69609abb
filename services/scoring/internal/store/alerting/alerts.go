package alerting

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	// Resolved is 3: in the text, so that the index of the others is used.
	sqlLiveAlerts = `SELECT rule, number, body FROM alerts WHERE organization = $1 AND rule = $2 AND state < 3 ORDER BY number`
	sqlAlert      = `SELECT rule, number, body FROM alerts WHERE organization = $1 AND rule = $2 AND number = $3`
	sqlPutAlert   = `INSERT INTO alerts (organization, rule, number, state, survey, unit, first_seen, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organization, rule, number) DO UPDATE SET state = excluded.state, body = excluded.body`
	sqlDropAlerts = `DELETE FROM alerts WHERE organization = $1 AND rule = $2`

	sqlCount     = `UPDATE alert_counter SET number = number + $1, position = position + $2 WHERE one = 1 RETURNING number, position`
	sqlHead      = `SELECT position FROM alert_counter WHERE one = 1`
	sqlHeadOf    = `SELECT coalesce(max(position), 0) FROM alert_events WHERE organization = $1`
	sqlAddEvent  = `INSERT INTO alert_events (position, organization, time, body) VALUES ($1, $2, $3, $4)`
	sqlEvents    = `SELECT position, organization, time, body FROM alert_events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3`
	sqlEventsOf  = `SELECT position, organization, time, body FROM alert_events WHERE organization = $4 AND position > $1 AND position <= $2 ORDER BY position LIMIT $3`
	sqlSweepings = `DELETE FROM alert_events WHERE position IN (SELECT position FROM alert_events WHERE time < $1 ORDER BY position LIMIT $2)`
)

func scanFound(row relational.Scanner) (f store.FoundAlert, err error) {
	var number int64
	var body []byte
	if err := row.Scan(&f.Rule, &number, &body); err != nil {
		return f, err
	}
	err = decode(body, &f.Alert)
	f.Number = number
	return f, err
}

func scanAlert(row relational.Scanner) (alert.Alert, error) {
	f, err := scanFound(row)
	return f.Alert, err
}

// told is what the body of an event holds.
type told struct {
	Rule, RuleName string
	Kind           alert.Kind
	Alert          alert.Alert
}

func scanEvent(row relational.Scanner) (e store.AlertEvent, err error) {
	var at int64
	var body []byte
	if err := row.Scan(&e.Position, &e.Organization, &at, &body); err != nil {
		return e, err
	}
	var t told
	err = decode(body, &t)
	e.Rule, e.RuleName, e.Kind, e.Alert, e.Time = t.Rule, t.RuleName, t.Kind, t.Alert, store.FromNano(at)
	return e, err
}

// putAlerts stores updates of a rule's alerts, and what is told of them.
func putAlerts(ctx context.Context, w relational.Writer, r alert.Rule, updates []alert.Update, at time.Time) error {
	if len(updates) == 0 {
		return nil
	}
	var fresh, events int64
	for _, u := range updates {
		if u.Alert.Number == 0 {
			fresh++
		}
		if u.Kind != 0 {
			events++
		}
	}
	type ends struct{ number, position int64 }
	end, err := relational.One(ctx, w, func(row relational.Scanner) (e ends, err error) {
		err = row.Scan(&e.number, &e.position)
		return e, err
	}, sqlCount, fresh, events)
	if err != nil {
		return err
	}
	number, position := end.number-fresh, end.position-events
	for _, u := range updates {
		a := u.Alert
		if a.Number == 0 {
			number++
			a.Number = number
		}
		body, err := encode(a)
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlPutAlert, r.Organization, r.ID, a.Number, int64(a.State), a.Subject.Survey, []byte(a.Unit), store.ToNano(a.FirstSeen), body); err != nil {
			return err
		}
		if u.Kind == 0 {
			continue
		}
		position++
		a.Life = nil
		if body, err = encode(told{Rule: r.ID, RuleName: r.DisplayName, Kind: u.Kind, Alert: a}); err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlAddEvent, position, r.Organization, store.ToNano(at), body); err != nil {
			return err
		}
	}
	return nil
}

// LiveAlerts implements store.Alerts.
func (t *Tables) LiveAlerts(ctx context.Context, organization, rule string) ([]alert.Alert, error) {
	alerts, err := relational.List(ctx, t.db, scanAlert, sqlLiveAlerts, organization, rule)
	return alerts, t.explain("list live alerts", err)
}

// GetAlert implements store.Alerts.
func (t *Tables) GetAlert(ctx context.Context, organization, rule string, number int64) (alert.Alert, error) {
	a, err := relational.One(ctx, t.db, scanAlert, sqlAlert, organization, rule, number)
	return a, t.explain("read alert", notFound(err))
}

// ListAlerts implements store.Alerts.
func (t *Tables) ListAlerts(ctx context.Context, q store.AlertQuery) ([]store.FoundAlert, error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	where := []string{"organization = " + arg(q.Organization)}
	if q.Rule != "" {
		where = append(where, "rule = "+arg(q.Rule))
	}
	if q.Survey != "" {
		where = append(where, "survey = "+arg(q.Survey))
	}
	if q.Unit != nil {
		where = append(where, "unit = "+arg([]byte(*q.Unit)))
	}
	if len(q.States) > 0 {
		var states []string
		for _, s := range q.States {
			states = append(states, arg(int64(s)))
		}
		where = append(where, "state IN ("+strings.Join(states, ", ")+")")
	}
	if !q.Since.IsZero() {
		where = append(where, "first_seen >= "+arg(store.ToNano(q.Since)))
	}
	if q.Before.Number > 0 {
		where = append(where, "(first_seen, number) < ("+arg(store.ToNano(q.Before.FirstSeen))+", "+arg(q.Before.Number)+")")
	}
	found, err := relational.List(ctx, t.db, scanFound,
		`SELECT rule, number, body FROM alerts WHERE `+strings.Join(where, " AND ")+` ORDER BY first_seen DESC, number DESC LIMIT `+arg(q.Limit), args...)
	return found, t.explain("list alerts", err)
}

// AlertEvents implements store.Alerts.
func (t *Tables) AlertEvents(ctx context.Context, organization string, after int64, limit int) (events []store.AlertEvent, head store.AlertHead, err error) {
	// What is added after the end was read is left for the next call.
	head.Last, err = relational.One(ctx, t.db, relational.Value[int64], sqlHead)
	if err == nil && organization == "" {
		head.Position = head.Last
		events, err = relational.List(ctx, t.db, scanEvent, sqlEvents, after, head.Last, limit)
	} else if err == nil {
		head.Position, err = relational.One(ctx, t.db, relational.Value[int64], sqlHeadOf, organization)
		if err == nil {
			events, err = relational.List(ctx, t.db, scanEvent, sqlEventsOf, after, head.Last, limit, organization)
		}
	}
	if err != nil {
		return nil, store.AlertHead{}, t.explain("read alert events", err)
	}
	return events, head, nil
}

// SweepAlertEvents implements store.Alerts.
func (t *Tables) SweepAlertEvents(ctx context.Context, before time.Time, limit int) (swept int, err error) {
	err = t.update(ctx, "sweep alert events", func(ctx context.Context, w relational.Writer) error {
		n, err := w.Exec(ctx, sqlSweepings, store.ToNano(before), limit)
		swept = int(n)
		return err
	})
	return swept, err
}
