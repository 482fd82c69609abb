package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// mostAttached is how large the files of an e-mail may be together, in bytes: mail servers take no larger ones.
const mostAttached = 20 << 20

// try tries a delivery once, and settles it.
func (d *Deliverer) try(ctx context.Context, v schedule.Delivery, made *making) error {
	s, err := d.Store.GetSchedule(ctx, v.Organization, v.Schedule)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	run, err := d.Store.GetRun(ctx, v.Organization, v.Schedule, v.Run)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	recipient, ok := recipientOf(s, v.Key)
	if !ok {
		return d.giveUp(ctx, v, "the recipient was taken out")
	}
	files, err := made.of(ctx, s, run, recipient)
	var refused *RefusedError
	switch {
	case errors.Is(err, ErrGone) && recipient.Member != "":
		return d.giveUp(ctx, v, "the member was removed or disabled")
	case errors.Is(err, ErrGone):
		return d.Store.PauseSchedule(ctx, s.Organization, s.ID, reasonGone, d.Now())
	case errors.As(err, &refused):
		return d.refused(ctx, v, refused.Reason, refused.Permanent)
	case err != nil:
		return err
	}
	v.Fingerprint = files[0].Fingerprint
	if v.Key == "" {
		return d.sent(ctx, v)
	}
	return d.send(ctx, v, s, recipient, files)
}

// send writes the e-mail of a delivery and hands it over.
func (d *Deliverer) send(ctx context.Context, v schedule.Delivery, s schedule.Schedule, recipient schedule.Recipient, files []report.Rendered) error {
	m, err := d.letter(ctx, v, s, recipient, files)
	var refused *RefusedError
	switch {
	case errors.Is(err, seal.ErrDestroyed):
		return d.giveUp(ctx, v, "the address can no longer be read: its key was destroyed")
	case errors.As(err, &refused):
		return d.refused(ctx, v, refused.Reason, refused.Permanent)
	case err != nil:
		return err
	case d.Sender == nil:
		return d.refused(ctx, v, reasonNoServer, false)
	}
	err = d.Sender.Send(ctx, m)
	var notTaken *mail.RefusedError
	switch {
	case err == nil:
		return d.sent(ctx, v)
	case ctx.Err() != nil:
		// The claim ends, and another process takes it.
		return ctx.Err()
	case errors.As(err, &notTaken):
		return d.refused(ctx, v, notTaken.Reason, notTaken.Permanent)
	}
	return err
}

// letter writes the e-mail of a delivery.
func (d *Deliverer) letter(ctx context.Context, v schedule.Delivery, s schedule.Schedule, recipient schedule.Recipient, files []report.Rendered) (mail.Mail, error) {
	address, err := d.address(ctx, s, recipient)
	if err != nil {
		return mail.Mail{}, err
	}
	unsubscribe := ""
	if d.PublicURL != "" {
		secret, err := d.Envelope.Open(ctx, v.Organization, recipient.Secret)
		if err != nil {
			return mail.Mail{}, err
		}
		unsubscribe = d.PublicURL + unsubscribePath + secret
	}
	message, err := compose(s.Language, files[0], d.PublicURL, unsubscribe)
	if err != nil {
		return mail.Mail{}, err
	}
	out := mail.Mail{Message: message, ID: messageID(v, d.Domain), To: address, Unsubscribe: unsubscribe, Time: d.Now()}
	size := 0
	for _, f := range files {
		size += len(f.Body)
		out.Attachments = append(out.Attachments, mail.Attachment{Name: f.Filename, ContentType: f.ContentType, Body: f.Body})
	}
	if size > mostAttached {
		return mail.Mail{}, &RefusedError{Permanent: true, Reason: "the files are larger than 20 MiB, more than mail servers take: narrow the report, or send one form of it"}
	}
	return out, nil
}

// address is where a recipient gets e-mails.
func (d *Deliverer) address(ctx context.Context, s schedule.Schedule, recipient schedule.Recipient) (string, error) {
	if recipient.Member == "" {
		return d.Envelope.Open(ctx, s.Organization, recipient.Address)
	}
	address, ok, err := d.Members.Address(ctx, s.Organization, recipient.Member)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", &RefusedError{Permanent: true, Reason: "the member was removed or disabled"}
	case address == "":
		return "", &RefusedError{Permanent: true, Reason: "the member has no e-mail address"}
	}
	return address, nil
}

// recipientOf is the recipient of a key who gets reports; the empty key is nobody.
func recipientOf(s schedule.Schedule, key string) (schedule.Recipient, bool) {
	if key == "" {
		return schedule.Recipient{}, true
	}
	for _, r := range s.Recipients {
		if r.Key == key {
			return r, r.UnsubscribeTime.IsZero()
		}
	}
	return schedule.Recipient{}, false
}

// messageID is what the e-mail of a delivery is known by, each time that it is tried: of two that come mail programs show one.
func messageID(v schedule.Delivery, domain string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{v.Organization, v.Schedule, v.Run, v.Key}, "\x00")))
	return "report." + hex.EncodeToString(sum[:16]) + "@" + domain
}

func (d *Deliverer) sent(ctx context.Context, v schedule.Delivery) error {
	v.State, v.Failure, v.NextTime, v.SendTime = schedule.Sent, "", time.Time{}, d.Now()
	return d.settle(ctx, v)
}

func (d *Deliverer) giveUp(ctx context.Context, v schedule.Delivery, reason string) error {
	return d.refused(ctx, v, reason, true)
}

// refused has a delivery tried again later, or gives it up.
func (d *Deliverer) refused(ctx context.Context, v schedule.Delivery, reason string, permanent bool) error {
	pause, more := schedule.NextAttempt(v.Attempts)
	v.State, v.NextTime, v.Failure, v.Fingerprint = schedule.Pending, d.Now().Add(pause), reason, ""
	if permanent || !more {
		v.State, v.NextTime = schedule.GivenUp, time.Time{}
	}
	d.Log.WarnContext(ctx, "a report was not sent", slog.String("organization", v.Organization), slog.String("schedule", v.Schedule), slog.String("run", v.Run),
		slog.Int("attempt", v.Attempts), slog.Bool("final", v.State == schedule.GivenUp), slog.String("reason", reason))
	return d.settle(ctx, v)
}

// settle stores what became of a delivery, and tells it.
func (d *Deliverer) settle(ctx context.Context, v schedule.Delivery) error {
	if d.Noted != nil {
		d.Noted(ctx, v.State)
	}
	// What was sent is settled also when the process is told to end meanwhile: otherwise it would be sent again.
	err := d.Store.SettleReport(context.WithoutCancel(ctx), v, d.Now())
	if errors.Is(err, store.ErrLost) {
		return nil
	}
	return err
}
