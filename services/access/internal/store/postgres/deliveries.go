package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	deliveryColumns = `organization, webhook, id, event, resource, state, attempts, create_time, next_time, last_result`

	// A webhook that something is added to cannot be removed until the commit.
	sqlWanting  = `SELECT id FROM webhooks WHERE organization = $1 AND NOT disabled AND events & $2 <> 0 ORDER BY id FOR KEY SHARE`
	sqlHoldHook = `SELECT id FROM webhooks WHERE organization = $1 AND id = $2 FOR KEY SHARE`

	sqlInsertDeliveries = `INSERT INTO webhook_deliveries (organization, webhook, id, event, resource, state, attempts, create_time, next_time, last_result, person)
SELECT o, w, i, e, r, s, 0, c, n, '', NULLIF(p, '') FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::smallint[], $7::bigint[], $8::bigint[],
$9::text[]) AS d (o, w, i, e, r, s, c, n, p) ORDER BY o, w, i ON CONFLICT DO NOTHING`
	sqlSelectDelivery = `SELECT ` + deliveryColumns + ` FROM webhook_deliveries WHERE organization = $1 AND webhook = $2 AND id = $3`
	sqlListDeliveries = `SELECT ` + deliveryColumns + ` FROM webhook_deliveries WHERE organization = $1 AND webhook = $2 AND (create_time, id) < ($3, $4)
ORDER BY create_time DESC, id DESC LIMIT $5`
	sqlReplayDelivery = `UPDATE webhook_deliveries SET state = 1, attempts = 0, next_time = $4, end_time = NULL WHERE organization = $1 AND webhook = $2 AND id = $3
RETURNING ` + deliveryColumns
	sqlDeleteDeliveries = `DELETE FROM webhook_deliveries WHERE organization = $1 AND webhook = $2`

	sqlDueHooks = `SELECT organization, id FROM webhooks w WHERE NOT disabled AND (organization, id) > ($1, $2) AND EXISTS (SELECT FROM webhook_deliveries d
WHERE d.organization = w.organization AND d.webhook = w.id AND d.state = 1 AND d.next_time <= $3) ORDER BY organization, id LIMIT $4`
	sqlClaimDeliveries = `UPDATE webhook_deliveries SET next_time = $4, attempts = attempts + 1
WHERE organization = $1 AND webhook = $2 AND id = ANY (ARRAY(SELECT id FROM webhook_deliveries
WHERE organization = $1 AND webhook = $2 AND state = 1 AND next_time <= $3 ORDER BY next_time, id LIMIT $5 FOR UPDATE SKIP LOCKED))
RETURNING ` + deliveryColumns
	sqlLockHook       = sqlSelectHook + ` FOR NO KEY UPDATE`
	sqlFinishDelivery = `UPDATE webhook_deliveries SET state = $4, next_time = $5, end_time = $6, last_result = $7
WHERE organization = $1 AND webhook = $2 AND id = $3 AND state = 1 AND attempts = $8 AND next_time = $9`
	sqlSweepDeliveries = `DELETE FROM webhook_deliveries WHERE (organization, webhook, id) IN (SELECT organization, webhook, id FROM webhook_deliveries
WHERE state = $1 AND end_time < $2 LIMIT $3 FOR UPDATE SKIP LOCKED)`

	sqlSharePersons = `SELECT FROM webhook_feed WHERE id = $1 FOR SHARE`
	sqlErased       = `SELECT organization, person, until FROM erased_persons WHERE (organization, person) IN (SELECT o, p FROM unnest($1::text[], $2::text[]) AS d (o, p))`
	sqlForgetErased = `DELETE FROM erased_persons WHERE until < $1`
)

func scanDelivery(row store.Scanner) (webhook.Delivery, error) {
	return read(row, (*store.DeliveryRow).Fields, store.DeliveryRow.Delivery)
}

func scanRef(row store.Scanner) (ref webhook.Ref, err error) {
	err = row.Scan(&ref.Organization, &ref.ID)
	return ref, err
}

func scanText(row store.Scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

// EnqueueEvents implements store.Webhooks.
func (s *Store) EnqueueEvents(ctx context.Context, occurrences []webhook.Occurrence) error {
	if len(occurrences) == 0 {
		return nil
	}
	return s.update(ctx, "enqueue events", func(ctx context.Context, tx pgx.Tx) error { return enqueue(ctx, tx, occurrences) })
}

// ofOthers are occurrences without those that happened to persons before they were erased.
func ofOthers(ctx context.Context, tx pgx.Tx, occurrences []webhook.Occurrence) ([]webhook.Occurrence, error) {
	type person struct{ organization, person string }
	var organizations, persons []string
	for _, o := range occurrences {
		if o.Person != "" {
			organizations, persons = append(organizations, o.Organization), append(persons, o.Person)
		}
	}
	if len(persons) == 0 {
		return occurrences, nil
	}
	if _, err := tx.Exec(ctx, sqlSharePersons, int16(webhook.Attention)); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, sqlErased, organizations, persons)
	if err != nil {
		return nil, err
	}
	var p person
	var until int64
	erased := map[person]int64{}
	if _, err := pgx.ForEachRow(rows, []any{&p.organization, &p.person, &until}, func() error {
		erased[p] = until
		return nil
	}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(occurrences), func(o webhook.Occurrence) bool {
		until, ok := erased[person{o.Organization, o.Person}]
		return ok && store.ToNano(o.Time) <= until
	}), nil
}

func enqueue(ctx context.Context, tx pgx.Tx, occurrences []webhook.Occurrence) error {
	occurrences, err := ofOthers(ctx, tx, occurrences)
	if err != nil {
		return err
	}
	type group struct {
		organization string
		event        webhook.Event
	}
	wanting := make(map[group][]string)
	var all []webhook.Delivery
	for _, o := range occurrences {
		g := group{o.Organization, o.Event}
		hooks, known := wanting[g]
		if !known {
			rows, err := tx.Query(ctx, sqlWanting, o.Organization, int64(webhook.SetOf(o.Event)))
			if err != nil {
				return err
			}
			if hooks, err = collect(rows, scanText); err != nil {
				return err
			}
			wanting[g] = hooks
		}
		for _, id := range hooks {
			all = append(all, store.NewDelivery(webhook.Ref{Organization: o.Organization, ID: id}, o))
		}
	}
	return insertDeliveries(ctx, tx, all)
}

func insertDeliveries(ctx context.Context, tx pgx.Tx, all []webhook.Delivery) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	organizations, hooks, ids, resources, persons := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	events, states := make([]int16, n), make([]int16, n)
	created, next := make([]int64, n), make([]*int64, n)
	for i, d := range all {
		organizations[i], hooks[i], ids[i], resources[i] = d.Webhook.Organization, d.Webhook.ID, d.ID, d.Resource
		events[i], states[i], created[i], next[i] = int16(d.Event), int16(d.State), store.ToNano(d.CreateTime), store.NullNano(d.NextTime)
		persons[i] = d.Person
	}
	_, err := tx.Exec(ctx, sqlInsertDeliveries, organizations, hooks, ids, events, resources, states, created, next, persons)
	return err
}

// AddDelivery implements store.Webhooks.
func (s *Store) AddDelivery(ctx context.Context, d webhook.Delivery) error {
	return s.update(ctx, "add delivery", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := scanText(tx.QueryRow(ctx, sqlHoldHook, d.Webhook.Organization, d.Webhook.ID)); err != nil {
			return notFound(err)
		}
		return insertDeliveries(ctx, tx, []webhook.Delivery{d})
	})
}

// GetDelivery implements store.Webhooks.
func (s *Store) GetDelivery(ctx context.Context, w webhook.Ref, id string) (webhook.Delivery, error) {
	out, err := scanDelivery(s.db.Pool.QueryRow(ctx, sqlSelectDelivery, w.Organization, w.ID, id))
	return out, s.fail("get delivery", err)
}

// ListDeliveries implements store.Webhooks.
func (s *Store) ListDeliveries(ctx context.Context, w webhook.Ref, q store.Query) ([]webhook.Delivery, bool, error) {
	if _, err := s.GetWebhook(ctx, w.Organization, w.ID); err != nil {
		return nil, false, err
	}
	created, id := q.Bounds()
	rows, err := s.db.Pool.Query(ctx, sqlListDeliveries, w.Organization, w.ID, created, id, q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list deliveries", err)
	}
	out, more, err := fill(rows, q, (*store.DeliveryRow).Fields, store.DeliveryRow.Size, store.DeliveryRow.Delivery)
	return out, more, s.fail("list deliveries", err)
}

// ReplayDelivery implements store.Webhooks.
func (s *Store) ReplayDelivery(ctx context.Context, w webhook.Ref, id string, at time.Time) (out webhook.Delivery, err error) {
	err = s.update(ctx, "replay delivery", func(ctx context.Context, tx pgx.Tx) error {
		out, err = scanDelivery(tx.QueryRow(ctx, sqlReplayDelivery, w.Organization, w.ID, id, store.ToNano(at)))
		return err
	})
	return out, err
}

// DueWebhooks implements store.Webhooks.
func (s *Store) DueWebhooks(ctx context.Context, after webhook.Ref, now time.Time, limit int) ([]webhook.Ref, error) {
	out, err := list(ctx, s, scanRef, sqlDueHooks, after.Organization, after.ID, store.ToNano(now), limit)
	return out, s.fail("find due webhooks", err)
}

// ClaimDeliveries implements store.Webhooks.
func (s *Store) ClaimDeliveries(ctx context.Context, w webhook.Ref, now, until time.Time, limit int) (out []webhook.Delivery, err error) {
	err = s.update(ctx, "claim deliveries", func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlClaimDeliveries, w.Organization, w.ID, store.ToNano(now), store.ToNano(until), limit)
		if err != nil {
			return err
		}
		out, err = collect(rows, scanDelivery)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// FinishDelivery implements store.Webhooks.
func (s *Store) FinishDelivery(ctx context.Context, o webhook.Outcome) error {
	d := o.Delivery
	return s.update(ctx, "finish delivery", func(ctx context.Context, tx pgx.Tx) error {
		w, err := scanHook(tx.QueryRow(ctx, sqlLockHook, d.Webhook.Organization, d.Webhook.ID))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlFinishDelivery, d.Webhook.Organization, d.Webhook.ID, d.ID, int16(o.State), store.NullNano(o.NextTime), store.EndOf(o), o.Result,
			d.Attempts, store.ToNano(d.NextTime))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		w = w.After(o)
		_, err = tx.Exec(ctx, sqlNoteHook, w.Organization, w.ID, store.NullNano(w.LastSuccessTime), store.NullNano(w.LastFailureTime),
			store.NullNano(w.FailingSince), w.Disabled, w.Version)
		return err
	})
}

// SweepDeliveries implements store.Webhooks.
func (s *Store) SweepDeliveries(ctx context.Context, delivered, failed time.Time, limit int) (n int, err error) {
	err = s.update(ctx, "sweep deliveries", func(ctx context.Context, tx pgx.Tx) error {
		n = 0
		for state, before := range map[webhook.State]time.Time{webhook.Delivered: delivered, webhook.Failed: failed} {
			tag, err := tx.Exec(ctx, sqlSweepDeliveries, int16(state), store.ToNano(before), limit-n)
			if err != nil {
				return err
			}
			n += int(tag.RowsAffected())
		}
		_, err := tx.Exec(ctx, sqlForgetErased, store.ToNano(failed))
		return err
	})
	return n, err
}
