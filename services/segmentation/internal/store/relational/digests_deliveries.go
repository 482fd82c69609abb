package relational

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	deliveryColumns   = `organization, digest, id, key, day, from_position, to_position, since, create_time, state, attempts, failure, next_time, send_time`
	sqlDigestSent     = `SELECT position, since FROM digests WHERE organization = $1 AND id = $2 AND next_time = $3`
	sqlMoveDigest     = `UPDATE digests SET next_time = $3, position = $4, since = $5 WHERE organization = $1 AND id = $2`
	sqlInsertDelivery = `INSERT INTO digest_deliveries (` + deliveryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, '', $9, NULL)
ON CONFLICT (organization, digest, id) DO NOTHING`
	sqlDueDeliveries  = `SELECT ` + deliveryColumns + ` FROM digest_deliveries WHERE next_time <= $1 ORDER BY next_time, organization, digest, id LIMIT $2`
	sqlClaimDelivery  = `UPDATE digest_deliveries SET attempts = attempts + 1, next_time = $4 WHERE organization = $1 AND digest = $2 AND id = $3`
	sqlSettleDelivery = `UPDATE digest_deliveries SET state = $5, failure = $6, next_time = $7, send_time = $8
WHERE organization = $1 AND digest = $2 AND id = $3 AND attempts = $4 AND state = 1`
	sqlListDeliveries = `SELECT ` + deliveryColumns + ` FROM digest_deliveries WHERE organization = $1 AND digest = $2
ORDER BY create_time DESC, id DESC LIMIT $3 OFFSET $4`
	sqlOldDeliveries  = `SELECT organization, digest, id FROM digest_deliveries WHERE create_time < $1 ORDER BY create_time LIMIT $2`
	sqlDeleteDelivery = `DELETE FROM digest_deliveries WHERE organization = $1 AND digest = $2 AND id = $3`
	sqlCountTold      = `SELECT kind, count(*) FROM outbox WHERE organization = $1 AND position > $2 AND position <= $3 GROUP BY kind`
	sqlLate           = `SELECT resource FROM outbox WHERE organization = $1 AND position > $2 AND position <= $3 AND kind = 'case_breached' ORDER BY position LIMIT $4`
	sqlLightBodies    = `SELECT body FROM outbox WHERE organization = $1 AND position > $2 AND position <= $3 AND kind = 'light_changed'`
	sqlCountMoves     = `SELECT resource, kind, count(*) FROM outbox WHERE organization = $1 AND position > $2 AND position <= $3
AND kind IN ('segment_entered', 'segment_left') GROUP BY resource, kind ORDER BY resource, kind`
)

func scanDelivery(row relational.Scanner) (d digest.Delivery, err error) {
	var since, created int64
	var next, sent *int64
	err = row.Scan(&d.Organization, &d.Subscription, &d.ID, &d.Key, &d.Day, &d.From, &d.To, &since, &created, &d.State, &d.Attempts, &d.Failure, &next, &sent)
	d.Since, d.Until = relational.FromMicro(since), relational.FromMicro(created)
	d.NextTime, d.SendTime = relational.FromNull(next), relational.FromNull(sent)
	return d, err
}

// BeginDigest implements store.Digests.
func (s *Store) BeginDigest(ctx context.Context, d digest.Subscription, day string, now, next time.Time) error {
	return s.write(ctx, "begin digest", func(ctx context.Context, w *writing) error {
		last, err := relational.One(ctx, w, func(row relational.Scanner) (v [2]int64, err error) {
			err = row.Scan(&v[0], &v[1])
			return v, err
		}, sqlDigestSent, d.Organization, d.ID, relational.ToMicro(d.NextTime))
		if err != nil {
			return orLost(err)
		}
		recipients, err := relational.List(ctx, w, scanRecipient, sqlRecipients, d.Organization, d.ID)
		if err != nil {
			return err
		}
		position, at := w.numbers[outboxPositions], relational.ToMicro(now)
		for _, r := range recipients {
			if !r.UnsubscribeTime.IsZero() {
				continue
			}
			if _, err := w.Exec(ctx, sqlInsertDelivery, d.Organization, d.ID, day+"-"+r.Key, r.Key, day, last[0], position, last[1], at); err != nil {
				return err
			}
		}
		_, err = w.Exec(ctx, sqlMoveDigest, d.Organization, d.ID, relational.ToMicro(next), position, at)
		return err
	})
}

// ClaimDeliveries implements store.Digests.
func (s *Store) ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) (out []digest.Delivery, err error) {
	err = s.write(ctx, "claim deliveries", func(ctx context.Context, w *writing) error {
		if out, err = relational.List(ctx, w, scanDelivery, sqlDueDeliveries, relational.ToMicro(now), limit); err != nil {
			return err
		}
		for n, d := range out {
			if _, err := w.Exec(ctx, sqlClaimDelivery, d.Organization, d.Subscription, d.ID, relational.ToMicro(until)); err != nil {
				return err
			}
			out[n].Attempts, out[n].NextTime = d.Attempts+1, relational.FromMicro(relational.ToMicro(until))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SettleDelivery implements store.Digests.
func (s *Store) SettleDelivery(ctx context.Context, d digest.Delivery) error {
	return s.write(ctx, "settle delivery", func(ctx context.Context, w *writing) error {
		return held(w.Exec(ctx, sqlSettleDelivery, d.Organization, d.Subscription, d.ID, d.Attempts, int64(d.State), d.Failure, relational.NullMicro(d.NextTime),
			relational.NullMicro(d.SendTime)))
	})
}

// ListDeliveries implements store.Digests.
func (s *Store) ListDeliveries(ctx context.Context, organization, subscription string, offset, limit int) ([]digest.Delivery, bool, error) {
	all, err := relational.List(ctx, s.db, scanDelivery, sqlListDeliveries, organization, subscription, limit+1, offset)
	if err != nil {
		return nil, false, s.db.Explain("list deliveries", err)
	}
	out, more := relational.Page(all, limit)
	return out, more, nil
}

// SweepDeliveries implements store.Digests.
func (s *Store) SweepDeliveries(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	err = s.write(ctx, "sweep deliveries", func(ctx context.Context, w *writing) error {
		old, err := relational.List(ctx, w, func(row relational.Scanner) (k [3]string, err error) {
			err = row.Scan(&k[0], &k[1], &k[2])
			return k, err
		}, sqlOldDeliveries, relational.ToMicro(before), limit)
		if err != nil {
			return err
		}
		n = int64(len(old))
		rows := make([][]any, len(old))
		for i, k := range old {
			rows[i] = []any{k[0], k[1], k[2]}
		}
		return w.Many(ctx, sqlDeleteDelivery, rows)
	})
	return n, err
}

// DigestContent implements store.Digests.
func (s *Store) DigestContent(ctx context.Context, organization string, from, to int64) (c digest.Content, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		c = digest.Content{}
		counts := map[store.EventKind]*int64{store.CaseOpened: &c.Opened, store.CaseDue: &c.Due, store.CaseBreached: &c.Breached, store.CaseClosed: &c.Closed}
		_, err := relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
			var kind store.EventKind
			var n int64
			err = row.Scan(&kind, &n)
			if count := counts[kind]; count != nil {
				*count = n
			}
			return none, err
		}, sqlCountTold, organization, from, to)
		if err != nil {
			return err
		}
		if c.Late, err = relational.List(ctx, r, relational.Value[string], sqlLate, organization, from, to, digest.MostLate); err != nil {
			return err
		}
		c.Late = slices.Compact(c.Late)
		if c.Lights, err = countLightsTold(ctx, r, organization, from, to); err != nil {
			return err
		}
		c.Segments, err = countMoves(ctx, r, organization, from, to)
		return err
	})
	return c, s.db.Explain("count what was told", err)
}

// countLightsTold counts changes of lights by kind and colour. Lights that show nothing any more are not told of, nor those that only another policy judges
// otherwise: nothing happened to them. Lights of employees are not for whoever has an address.
func countLightsTold(ctx context.Context, r relational.Reader, organization string, from, to int64) ([]digest.LightCount, error) {
	counts := map[digest.LightCount]int64{}
	_, err := relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var body []byte
		if err := row.Scan(&body); err != nil {
			return none, err
		}
		var change store.LightChange
		if err := json.Unmarshal(body, &change); err != nil {
			return none, fmt.Errorf("decode change of a light: %w", err)
		}
		if change.Colour != "" && !change.Rejudged && change.Of != light.Staff.String() {
			counts[digest.LightCount{Kind: change.Of, Colour: change.Colour}]++
		}
		return none, nil
	}, sqlLightBodies, organization, from, to)
	var out []digest.LightCount
	for key, n := range counts {
		key.N = n
		out = append(out, key)
	}
	return out, err
}

// countMoves counts who entered and left segments.
func countMoves(ctx context.Context, r relational.Reader, organization string, from, to int64) (out []digest.SegmentCount, err error) {
	_, err = relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var segment string
		var kind store.EventKind
		var n int64
		if err := row.Scan(&segment, &kind, &n); err != nil {
			return none, err
		}
		if len(out) == 0 || out[len(out)-1].Segment != segment {
			out = append(out, digest.SegmentCount{Segment: segment})
		}
		if kind == store.SegmentEntered {
			out[len(out)-1].Entered = n
		} else {
			out[len(out)-1].Left = n
		}
		return none, nil
	}, sqlCountMoves, organization, from, to)
	return out, err
}
