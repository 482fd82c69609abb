package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	digestColumns      = `organization, id, next_time, create_time, version, body`
	sqlDigestTaken     = `SELECT 1 FROM digests WHERE organization = $1 AND id = $2`
	sqlCountDigests    = `SELECT count(*) FROM digests WHERE organization = $1`
	sqlInsertDigest    = `INSERT INTO digests (` + digestColumns + `, position, since) VALUES ($1, $2, $3, $4, 1, $5, $6, $7)`
	sqlSelectDigest    = `SELECT ` + digestColumns + ` FROM digests WHERE organization = $1 AND id = $2`
	sqlListDigests     = `SELECT ` + digestColumns + ` FROM digests WHERE organization = $1 ORDER BY create_time DESC, id DESC LIMIT $2 OFFSET $3`
	sqlUpdateDigest    = `UPDATE digests SET next_time = $4, body = $5, version = version + 1 WHERE organization = $1 AND id = $2 AND version = $3`
	sqlResumeDigest    = `UPDATE digests SET position = $3, since = $4 WHERE organization = $1 AND id = $2`
	sqlDeleteDigest    = `DELETE FROM digests WHERE organization = $1 AND id = $2`
	sqlDueDigests      = `SELECT ` + digestColumns + ` FROM digests WHERE next_time <= $1 ORDER BY next_time, organization, id LIMIT $2`
	sqlRecipients      = `SELECT key, address, secret, unsubscribe_time FROM digest_recipients WHERE organization = $1 AND digest = $2 ORDER BY number`
	sqlInsertRecipient = `INSERT INTO digest_recipients (organization, digest, number, key, address, secret, unsubscribe_time) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlDropRecipients  = `DELETE FROM digest_recipients WHERE organization = $1 AND digest = $2`
	sqlRecipientExists = `SELECT 1 FROM digest_recipients WHERE organization = $1 AND key = $2`
	sqlUnsubscribe     = `UPDATE digest_recipients SET unsubscribe_time = COALESCE(unsubscribe_time, $3) WHERE organization = $1 AND key = $2`
	sqlDropPending     = `DELETE FROM digest_deliveries WHERE organization = $1 AND key = $2 AND state = 1`
	sqlDropDeliveries  = `DELETE FROM digest_deliveries WHERE organization = $1 AND digest = $2`
)

// keptDigest is a subscription as its body is kept: without recipients, which have a table of their own.
func keptDigest(s digest.Subscription) ([]byte, error) {
	s.Recipients = nil
	return encode(s)
}

func scanDigest(row relational.Scanner) (s digest.Subscription, err error) {
	var next *int64
	var created int64
	var body []byte
	if err = row.Scan(&s.Organization, &s.ID, &next, &created, &s.Version, &body); err != nil {
		return digest.Subscription{}, err
	}
	s.NextTime, s.CreateTime = relational.FromNull(next), relational.FromMicro(created)
	return s, decode(body, &s)
}

func scanRecipient(row relational.Scanner) (r digest.Recipient, err error) {
	var unsubscribed *int64
	err = row.Scan(&r.Key, &r.Address, &r.Secret, &unsubscribed)
	r.UnsubscribeTime = relational.FromNull(unsubscribed)
	return r, err
}

// withRecipients reads the recipients of subscriptions.
func withRecipients(ctx context.Context, r relational.Reader, list []digest.Subscription) (err error) {
	for n := range list {
		if list[n].Recipients, err = relational.List(ctx, r, scanRecipient, sqlRecipients, list[n].Organization, list[n].ID); err != nil {
			return err
		}
	}
	return nil
}

// putRecipients stores the recipients of a subscription instead of those before.
func (w *writing) putRecipients(ctx context.Context, s digest.Subscription) error {
	if _, err := w.Exec(ctx, sqlDropRecipients, s.Organization, s.ID); err != nil {
		return err
	}
	rows := make([][]any, len(s.Recipients))
	for n, r := range s.Recipients {
		rows[n] = []any{s.Organization, s.ID, n, r.Key, r.Address, r.Secret, relational.NullMicro(r.UnsubscribeTime)}
	}
	return w.Many(ctx, sqlInsertRecipient, rows)
}

// roundDigest is a subscription with its times as they are kept.
func roundDigest(s digest.Subscription) digest.Subscription {
	for _, t := range []*time.Time{&s.CreateTime, &s.UpdateTime, &s.NextTime} {
		if !t.IsZero() {
			*t = relational.FromMicro(relational.ToMicro(*t))
		}
	}
	return s
}

// CreateDigest implements store.Digests.
func (s *Store) CreateDigest(ctx context.Context, d digest.Subscription, most int) (digest.Subscription, error) {
	d = roundDigest(d)
	d.Version = 1
	body, err := keptDigest(d)
	if err != nil {
		return digest.Subscription{}, err
	}
	err = s.write(ctx, "create digest", func(ctx context.Context, w *writing) error {
		if taken, err := relational.Exists(ctx, w, sqlDigestTaken, d.Organization, d.ID); err != nil || taken {
			return orExists(err)
		}
		if n, err := relational.One(ctx, w, relational.Value[int64], sqlCountDigests, d.Organization); err != nil {
			return err
		} else if n >= int64(most) {
			return store.ErrTooMany
		}
		if _, err := w.Exec(ctx, sqlInsertDigest, d.Organization, d.ID, relational.NullMicro(d.NextTime), relational.ToMicro(d.CreateTime), body,
			w.numbers[outboxPositions], relational.ToMicro(d.CreateTime)); err != nil {
			return err
		}
		return w.putRecipients(ctx, d)
	})
	if err != nil {
		return digest.Subscription{}, err
	}
	return d, nil
}

// GetDigest implements store.Digests.
func (s *Store) GetDigest(ctx context.Context, organization, id string) (d digest.Subscription, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		d, err = readDigest(ctx, r, organization, id)
		return err
	})
	return d, s.db.Explain("get digest", err)
}

func readDigest(ctx context.Context, r relational.Reader, organization, id string) (digest.Subscription, error) {
	d, err := relational.One(ctx, r, scanDigest, sqlSelectDigest, organization, id)
	if err != nil {
		return digest.Subscription{}, notFound(err)
	}
	list := []digest.Subscription{d}
	err = withRecipients(ctx, r, list)
	return list[0], err
}

// ListDigests implements store.Digests.
func (s *Store) ListDigests(ctx context.Context, organization string, offset, limit int) (out []digest.Subscription, more bool, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		all, err := relational.List(ctx, r, scanDigest, sqlListDigests, organization, limit+1, offset)
		if err != nil {
			return err
		}
		out, more = relational.Page(all, limit)
		return withRecipients(ctx, r, out)
	})
	if err != nil {
		return nil, false, s.db.Explain("list digests", err)
	}
	return out, more, nil
}

// UpdateDigest implements store.Digests.
func (s *Store) UpdateDigest(ctx context.Context, d digest.Subscription) (digest.Subscription, error) {
	d = roundDigest(d)
	body, err := keptDigest(d)
	if err != nil {
		return digest.Subscription{}, err
	}
	err = s.write(ctx, "update digest", func(ctx context.Context, w *writing) error {
		there, err := readDigest(ctx, w, d.Organization, d.ID)
		if err != nil {
			return err
		}
		if there.Version != d.Version {
			return store.ErrChanged
		}
		if _, err := w.Exec(ctx, sqlUpdateDigest, d.Organization, d.ID, d.Version, relational.NullMicro(d.NextTime), body); err != nil {
			return err
		}
		if !there.NextTime.IsZero() || d.NextTime.IsZero() {
			return w.putRecipients(ctx, stillUnsubscribed(d, there))
		}
		// One that was disabled tells of what happens from now on, as a new one does.
		if _, err := w.Exec(ctx, sqlResumeDigest, d.Organization, d.ID, w.numbers[outboxPositions], relational.ToMicro(d.UpdateTime)); err != nil {
			return err
		}
		return w.putRecipients(ctx, stillUnsubscribed(d, there))
	})
	if err != nil {
		return digest.Subscription{}, err
	}
	d.Version++
	return d, nil
}

// stillUnsubscribed is a subscription with what its recipients did since it was read.
func stillUnsubscribed(d, there digest.Subscription) digest.Subscription {
	for n, r := range d.Recipients {
		for _, was := range there.Recipients {
			if was.Key == r.Key {
				d.Recipients[n].UnsubscribeTime = was.UnsubscribeTime
			}
		}
	}
	return d
}

// DeleteDigest implements store.Digests.
func (s *Store) DeleteDigest(ctx context.Context, organization, id string) (d digest.Subscription, err error) {
	err = s.write(ctx, "delete digest", func(ctx context.Context, w *writing) error {
		if d, err = readDigest(ctx, w, organization, id); err != nil {
			return err
		}
		for _, statement := range []string{sqlDropDeliveries, sqlDropRecipients, sqlDeleteDigest} {
			if _, err := w.Exec(ctx, statement, organization, id); err != nil {
				return err
			}
		}
		return nil
	})
	return d, err
}

// Unsubscribe implements store.Digests.
func (s *Store) Unsubscribe(ctx context.Context, organization, key string, at time.Time) error {
	return s.write(ctx, "unsubscribe", func(ctx context.Context, w *writing) error {
		known, err := relational.Exists(ctx, w, sqlRecipientExists, organization, key)
		if err != nil {
			return err
		}
		if !known {
			return store.ErrNotFound
		}
		if _, err := w.Exec(ctx, sqlUnsubscribe, organization, key, relational.ToMicro(at)); err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlDropPending, organization, key)
		return err
	})
}

// DueDigests implements store.Digests.
func (s *Store) DueDigests(ctx context.Context, now time.Time, limit int) (out []digest.Subscription, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = relational.List(ctx, r, scanDigest, sqlDueDigests, relational.ToMicro(now), limit)
		return err
	})
	return out, s.db.Explain("look for digests", err)
}

// orLost is ErrLost where something is gone.
func orLost(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, relational.ErrNoRow) {
		return store.ErrLost
	}
	return err
}
