package alerting

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	ruleColumns = `organization, id, version, due, body, progress`

	sqlRule       = `SELECT ` + ruleColumns + ` FROM alert_rules WHERE organization = $1 AND id = $2`
	sqlRules      = `SELECT ` + ruleColumns + ` FROM alert_rules WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3`
	sqlCountRules = `SELECT count(*) FROM alert_rules WHERE organization = $1`
	sqlAddRule    = `INSERT INTO alert_rules (organization, id, version, due, claimed, body, progress) VALUES ($1, $2, 1, $3, 0, $4, $5)
ON CONFLICT (organization, id) DO NOTHING`
	// A claim goes on for a rule that nothing was evaluated of, and for one that is still due by what was counted.
	sqlSetRule = `UPDATE alert_rules SET version = version + 1, due = $4, body = $5, progress = $6,
claimed = CASE WHEN CAST($7 AS BIGINT) >= 0 AND (due = $4 OR $4 <= CAST($7 AS BIGINT)) THEN claimed ELSE 0 END
WHERE organization = $1 AND id = $2 AND version = $3`
	sqlDropRule = `DELETE FROM alert_rules WHERE organization = $1 AND id = $2`
	// The claim is looked at again by whoever had to wait for another one's.
	sqlClaimRules = `UPDATE alert_rules SET claimed = $3 WHERE (organization, id) IN (SELECT organization, id FROM alert_rules
WHERE due > 0 AND due <= $1 AND claimed <= $2 ORDER BY due, organization, id LIMIT $4) AND claimed <= $2 RETURNING ` + ruleColumns
)

func scanRule(row relational.Scanner) (r store.AlertRule, err error) {
	var due int64
	var body, progress []byte
	var organization, id string
	if err := row.Scan(&organization, &id, &r.Version, &due, &body, &progress); err != nil {
		return r, err
	}
	version := r.Version
	if err := errors.Join(decode(body, &r.Rule), decode(progress, &r.Progress)); err != nil {
		return r, err
	}
	r.Organization, r.ID, r.Version, r.Due = organization, id, version, store.FromNano(due)
	return r, nil
}

// CreateAlertRule implements store.Alerts.
func (t *Tables) CreateAlertRule(ctx context.Context, r store.AlertRule, most int) (stored store.AlertRule, err error) {
	err = t.update(ctx, "create alert rule", func(ctx context.Context, w relational.Writer) error {
		r.Revision = 1
		body, err := encode(r.Rule)
		if err != nil {
			return err
		}
		progress, err := encode(store.AlertProgress{})
		if err != nil {
			return err
		}
		// The row comes first: of two that create the same rule one waits for the other.
		n, err := w.Exec(ctx, sqlAddRule, r.Organization, r.ID, store.ToNano(r.Due), body, progress)
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrTaken
		}
		if n, err := relational.One(ctx, w, relational.Value[int], sqlCountRules, r.Organization); err != nil {
			return err
		} else if n > most {
			return store.ErrTooMany
		}
		stored, err = relational.One(ctx, w, scanRule, sqlRule, r.Organization, r.ID)
		return err
	})
	if err != nil {
		return store.AlertRule{}, err
	}
	return stored, nil
}

// AlertRule implements store.Alerts.
func (t *Tables) AlertRule(ctx context.Context, organization, id string) (store.AlertRule, error) {
	r, err := relational.One(ctx, t.db, scanRule, sqlRule, organization, id)
	return r, t.explain("read alert rule", notFound(err))
}

// ListAlertRules implements store.Alerts.
func (t *Tables) ListAlertRules(ctx context.Context, organization, after string, limit int) ([]store.AlertRule, error) {
	rules, err := relational.List(ctx, t.db, scanRule, sqlRules, organization, after, limit)
	return rules, t.explain("list alert rules", err)
}

// UpdateAlertRule implements store.Alerts.
func (t *Tables) UpdateAlertRule(ctx context.Context, r store.AlertRule, updates []alert.Update, at time.Time) (stored store.AlertRule, err error) {
	r.Revision++
	err = t.update(ctx, "update alert rule", func(ctx context.Context, w relational.Writer) error {
		stored, err = put(ctx, w, r, updates, at, noClaim)
		return err
	})
	if err != nil {
		return store.AlertRule{}, err
	}
	return stored, nil
}

// FinishEvaluation implements store.Alerts.
func (t *Tables) FinishEvaluation(ctx context.Context, r store.AlertRule, updates []alert.Update, at time.Time) (stored store.AlertRule, err error) {
	err = t.update(ctx, "finish evaluation", func(ctx context.Context, w relational.Writer) error {
		stored, err = put(ctx, w, r, updates, at, store.ToNano(r.Progress.AsOf))
		if errors.Is(err, store.ErrNotFound) {
			return store.ErrChanged
		}
		return err
	})
	if err != nil {
		return store.AlertRule{}, err
	}
	return stored, nil
}

// noClaim ends the claim of a rule in any case.
const noClaim = -1

// put stores a rule over its version, and updates of its alerts. The claim goes on where nothing was evaluated, or the rule is due still at a moment.
func put(ctx context.Context, w relational.Writer, r store.AlertRule, updates []alert.Update, at time.Time, claimed int64) (store.AlertRule, error) {
	body, err := encode(r.Rule)
	if err != nil {
		return store.AlertRule{}, err
	}
	progress, err := encode(r.Progress)
	if err != nil {
		return store.AlertRule{}, err
	}
	n, err := w.Exec(ctx, sqlSetRule, r.Organization, r.ID, r.Version, store.ToNano(r.Due), body, progress, claimed)
	if err != nil {
		return store.AlertRule{}, err
	}
	stored, err := relational.One(ctx, w, scanRule, sqlRule, r.Organization, r.ID)
	switch {
	case err != nil:
		return store.AlertRule{}, notFound(err)
	case n == 0:
		return store.AlertRule{}, store.ErrChanged
	}
	return stored, putAlerts(ctx, w, r.Rule, updates, at)
}

// DeleteAlertRule implements store.Alerts.
func (t *Tables) DeleteAlertRule(ctx context.Context, organization, id string, at time.Time) error {
	return t.update(ctx, "delete alert rule", func(ctx context.Context, w relational.Writer) error {
		r, err := relational.One(ctx, w, scanRule, sqlRule, organization, id)
		if err != nil {
			return notFound(err)
		}
		// Whoever deletes it first has the row: nobody evaluates it any more.
		if n, err := w.Exec(ctx, sqlDropRule, organization, id); err != nil || n == 0 {
			return errors.Join(err, store.ErrNotFound)
		}
		live, err := relational.List(ctx, w, scanAlert, sqlLiveAlerts, organization, id)
		if err != nil {
			return err
		}
		var updates []alert.Update
		for _, a := range live {
			updates = append(updates, a.End(at))
		}
		if err := putAlerts(ctx, w, r.Rule, updates, at); err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlDropAlerts, organization, id)
		return err
	})
}

// ClaimAlertRules implements store.Alerts.
func (t *Tables) ClaimAlertRules(ctx context.Context, due, now, until time.Time, limit int) (rules []store.AlertRule, err error) {
	err = t.update(ctx, "claim alert rules", func(ctx context.Context, w relational.Writer) error {
		rules, err = relational.List(ctx, w, scanRule, sqlClaimRules, store.ToNano(due), store.ToNano(now), store.ToNano(until), limit)
		return err
	})
	return rules, err
}

func notFound(err error) error {
	if errors.Is(err, relational.ErrNoRow) {
		return store.ErrNotFound
	}
	return err
}
