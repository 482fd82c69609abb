// Package dispatch sends digests that are due: each to each address once a day, however many processes there are and however often they start again.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// batch is how many digests and deliveries are looked at at a time.
	batch = 20
	// claim is how long a delivery is kept from others who would try it.
	claim = 10 * time.Minute
	// kept is how long is remembered what became of deliveries.
	kept = 90 * 24 * time.Hour
	// unsubscribePath is where the gateway takes secrets of recipients.
	unsubscribePath = "/digests/unsubscribe/"
)

// Sender hands e-mails to a mail server; *mail.Sender is one.
type Sender interface {
	Send(ctx context.Context, m mail.Mail) error
}

// Envelope opens addresses and secrets; seal.Envelope is one.
type Envelope interface {
	Open(ctx context.Context, organization string, sealed []byte) (string, error)
}

// Dispatcher sends what is due.
type Dispatcher struct {
	Store    store.Digests
	Sender   Sender
	Envelope Envelope
	// PublicURL is the address of the app; empty where it is not known.
	PublicURL string
	// Domain stands in the identifiers of e-mails.
	Domain string
	Log    *slog.Logger
	Now    func() time.Time
	// Noted is told what became of each attempt.
	Noted func(ctx context.Context, state digest.State)
}

// Run begins the digests that are due, and tries the deliveries that are. One that fails stops no other one; what failed is told at the end.
func (d *Dispatcher) Run(ctx context.Context) error {
	return errors.Join(d.beginAll(ctx), d.tryAll(ctx))
}

// beginAll begins the digests that are due.
func (d *Dispatcher) beginAll(ctx context.Context) error {
	return chore.EachDue(ctx, batch, func(ctx context.Context, limit int) ([]digest.Subscription, error) {
		return d.Store.DueDigests(ctx, d.Now(), limit)
	}, func(s digest.Subscription) [2]string { return [2]string{s.Organization, s.ID} }, func(ctx context.Context, s digest.Subscription) error {
		if err := d.begin(ctx, s); err != nil {
			return fmt.Errorf("begin digest %s of %s: %w", s.ID, s.Organization, err)
		}
		return nil
	})
}

// counted is what was counted in a run, by what it was counted of: the same for all recipients of a subscription.
type counted map[told]digest.Content

// told are the events of an organisation that a digest tells of.
type told struct {
	organization string
	from, to     int64
}

// tryAll tries the deliveries that are due. One that fails is due again when its claim ends.
func (d *Dispatcher) tryAll(ctx context.Context) error {
	var errs []error
	known := counted{}
	for {
		now := d.Now()
		claimed, err := d.Store.ClaimDeliveries(ctx, now, now.Add(claim), batch)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, v := range claimed {
			if err := d.try(ctx, v, known); err != nil {
				errs = append(errs, fmt.Errorf("send digest %s of %s: %w", v.Subscription, v.Organization, err))
			}
			if ctx.Err() != nil {
				return errors.Join(errs...)
			}
		}
		if len(claimed) < batch {
			return errors.Join(errs...)
		}
	}
}

// Sweep forgets what became of deliveries long ago.
func (d *Dispatcher) Sweep(ctx context.Context) error {
	for {
		n, err := d.Store.SweepDeliveries(ctx, d.Now().Add(-kept), batch)
		if err != nil || n < batch {
			return err
		}
	}
}

// begin makes the deliveries of a digest.
func (d *Dispatcher) begin(ctx context.Context, s digest.Subscription) error {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	now := d.Now()
	err = d.Store.BeginDigest(ctx, s, digest.Day(s.NextTime, zone), now, digest.Next(now, s.Minute, zone))
	if errors.Is(err, store.ErrLost) {
		return nil
	}
	return err
}

// try tries a delivery once, and settles it.
func (d *Dispatcher) try(ctx context.Context, v digest.Delivery, known counted) error {
	m, err := d.mail(ctx, v, known)
	if errors.Is(err, store.ErrNotFound) {
		// The subscription, or the recipient in it, is gone.
		v.State, v.Failure, v.NextTime = digest.Failed, "the recipient was taken out", time.Time{}
		return d.settle(ctx, v)
	}
	if errors.Is(err, seal.ErrDestroyed) {
		v.State, v.Failure, v.NextTime = digest.Failed, "the address can no longer be read: its key was destroyed", time.Time{}
		return d.settle(ctx, v)
	}
	if err != nil {
		return err
	}
	err = d.Sender.Send(ctx, m)
	var refused *mail.RefusedError
	switch {
	case err == nil:
		v.State, v.Failure, v.NextTime, v.SendTime = digest.Sent, "", time.Time{}, d.Now()
	case ctx.Err() != nil:
		// The claim ends, and another process takes it.
		return ctx.Err()
	case errors.As(err, &refused):
		v.Failure = refused.Reason
		pause, more := digest.NextAttempt(v.Attempts)
		v.State, v.NextTime = digest.Pending, d.Now().Add(pause)
		if refused.Permanent || !more {
			v.State, v.NextTime = digest.Failed, time.Time{}
		}
		d.Log.WarnContext(ctx, "a digest was not sent", slog.String("organization", v.Organization), slog.String("digest", v.Subscription),
			slog.Int("attempt", v.Attempts), slog.Bool("final", v.State == digest.Failed), slog.String("reason", refused.Reason))
	default:
		return err
	}
	return d.settle(ctx, v)
}

// settle stores what became of a delivery, and tells it.
func (d *Dispatcher) settle(ctx context.Context, v digest.Delivery) error {
	if d.Noted != nil {
		d.Noted(ctx, v.State)
	}
	// What was sent is settled also when the process is told to end meanwhile: otherwise it would be sent again.
	err := d.Store.SettleDelivery(context.WithoutCancel(ctx), v)
	if errors.Is(err, store.ErrLost) {
		return nil
	}
	return err
}

// mail writes the e-mail of a delivery.
func (d *Dispatcher) mail(ctx context.Context, v digest.Delivery, known counted) (mail.Mail, error) {
	s, err := d.Store.GetDigest(ctx, v.Organization, v.Subscription)
	if err != nil {
		return mail.Mail{}, err
	}
	recipient, ok := recipientOf(s, v.Key)
	if !ok {
		return mail.Mail{}, store.ErrNotFound
	}
	address, err := d.Envelope.Open(ctx, v.Organization, recipient.Address)
	if err != nil {
		return mail.Mail{}, err
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return mail.Mail{}, fmt.Errorf("load time zone: %w", err)
	}
	of := told{v.Organization, v.From, v.To}
	content, there := known[of]
	if !there {
		if content, err = d.Store.DigestContent(ctx, v.Organization, v.From, v.To); err != nil {
			return mail.Mail{}, err
		}
		known[of] = content
	}
	content.Since, content.Until = v.Since, v.Until
	links := digest.Links{Base: d.PublicURL}
	if d.PublicURL != "" {
		secret, err := d.Envelope.Open(ctx, v.Organization, recipient.Secret)
		if err != nil {
			return mail.Mail{}, err
		}
		links.Unsubscribe = d.PublicURL + unsubscribePath + secret
	}
	message, err := digest.Compose(content, s, zone, links)
	if err != nil {
		return mail.Mail{}, err
	}
	return mail.Mail{Message: message, ID: messageID(v, d.Domain), To: address, Unsubscribe: links.Unsubscribe, Time: v.Until}, nil
}

// recipientOf is the recipient of a key who gets digests.
func recipientOf(s digest.Subscription, key string) (digest.Recipient, bool) {
	for _, r := range s.Recipients {
		if r.Key == key {
			return r, r.UnsubscribeTime.IsZero()
		}
	}
	return digest.Recipient{}, false
}
