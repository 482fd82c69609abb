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
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// mostAttached is how large the files of an e-mail may be together, in bytes: mail servers take no larger ones.
const mostAttached = 20 << 20

// reasonOurs is what recipients' lists say of an error that is nobody's answer.
const reasonOurs = "the service could not make or send it: its log says why"

// try tries a delivery once, and settles it: of what is not settled nobody is told why it does not come.
func (d *Deliverer) try(ctx context.Context, v schedule.Delivery, made *making) error {
	v, err := d.attempt(ctx, v, made)
	var refused *RefusedError
	switch {
	case err == nil:
		return d.sent(ctx, v)
	case ctx.Err() != nil:
		// The claim ends, and another process takes it.
		return ctx.Err()
	case errors.Is(err, store.ErrLost):
		return nil
	case errors.Is(err, ErrGone):
		return d.Store.PauseSchedule(ctx, v.Organization, v.Schedule, reasonGone, d.Now())
	case errors.As(err, &refused):
		return d.refused(ctx, v, *refused)
	}
	return errors.Join(err, d.refused(ctx, v, RefusedError{Reason: reasonOurs}))
}

// attempt makes and sends a delivery, and returns it with what was sent. Errors: store.ErrLost when it was removed or is another process's by now; ErrGone when the
// owner is; *RefusedError; others are of the service.
func (d *Deliverer) attempt(ctx context.Context, v schedule.Delivery, made *making) (schedule.Delivery, error) {
	s, run, err := d.wanted(ctx, v)
	if err != nil {
		return v, err
	}
	recipient, ok := recipientOf(s, v.Key)
	if !ok {
		return v, &RefusedError{Permanent: true, Reason: "the recipient was taken out"}
	}
	done, err := made.of(ctx, s, run, recipient)
	if errors.Is(err, ErrGone) && recipient.Member != "" {
		err = &RefusedError{Permanent: true, Reason: "the member was removed or disabled"}
	}
	if err != nil {
		return v, err
	}
	v.Fingerprint = done.files[0].Fingerprint
	if v.Key == "" {
		return v, nil
	}
	if s.Way != schedule.ByLink {
		return d.send(ctx, v, s, recipient, done.files, "")
	}
	return d.sendLink(ctx, v, s, recipient, done)
}

// sendLink makes a link for one recipient, and sends it. One that was not sent is ended: nobody has it. Errors: as of attempt.
func (d *Deliverer) sendLink(ctx context.Context, v schedule.Delivery, s schedule.Schedule, recipient schedule.Recipient, done made) (schedule.Delivery, error) {
	name, address, err := d.Links.Link(done.as, share.Share{
		Organization: s.Organization, DisplayName: s.DisplayName, Creator: s.Owner, Behalf: done.principal, Schedule: nameOf(s), Recipient: v.Key, Rendition: renditions + v.Fingerprint,
		Language: s.Language, Formats: s.Formats,
	})
	if err != nil {
		return v, err
	}
	sent, err := d.send(ctx, v, s, recipient, done.files, address)
	if err != nil {
		return v, errors.Join(err, d.Links.Unlink(context.WithoutCancel(ctx), s.Organization, name))
	}
	sent.Share = name
	return sent, nil
}

// renditions begins the names of what was made.
const renditions = "reportRenditions/"

// wanted is what a delivery is of. Errors: store.ErrLost when it was removed.
func (d *Deliverer) wanted(ctx context.Context, v schedule.Delivery) (schedule.Schedule, schedule.Run, error) {
	s, err := d.Store.GetSchedule(ctx, v.Organization, v.Schedule)
	var run schedule.Run
	if err == nil {
		run, err = d.Store.GetRun(ctx, v.Organization, v.Schedule, v.Run)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = store.ErrLost
	}
	return s, run, err
}

// send writes the e-mail of a delivery, with the files or with a link instead, and hands it over. Errors: as of attempt.
func (d *Deliverer) send(
	ctx context.Context, v schedule.Delivery, s schedule.Schedule, recipient schedule.Recipient, files []report.Rendered, link string,
) (schedule.Delivery, error) {
	m, err := d.letter(ctx, v, s, recipient, files, link)
	switch {
	case errors.Is(err, seal.ErrDestroyed):
		return v, &RefusedError{Permanent: true, Reason: "the address can no longer be read: its key was destroyed"}
	case err != nil:
		return v, err
	case d.Sender == nil:
		return v, &RefusedError{Reason: reasonNoServer}
	}
	// Making it may have taken longer than the claim: what another process has taken meanwhile, that one sends.
	if v, err = d.Store.KeepReport(ctx, v, d.Now().Add(claim)); err != nil {
		return v, err
	}
	err = d.Sender.Send(ctx, m)
	var notTaken *mail.RefusedError
	if errors.As(err, &notTaken) {
		err = &RefusedError{Permanent: notTaken.Permanent, Reason: notTaken.Reason}
	}
	return v, err
}

// letter writes the e-mail of a delivery.
func (d *Deliverer) letter(
	ctx context.Context, v schedule.Delivery, s schedule.Schedule, recipient schedule.Recipient, files []report.Rendered, link string,
) (mail.Mail, error) {
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
	message, err := compose(s.Language, files[0], d.PublicURL, link, unsubscribe)
	if err != nil {
		return mail.Mail{}, err
	}
	out := mail.Mail{Message: message, ID: messageID(v, d.Domain), To: address, Unsubscribe: unsubscribe, Time: d.Now()}
	if link != "" {
		return out, nil
	}
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
	v.Attempts++
	v.State, v.Failure, v.NextTime, v.SendTime = schedule.Sent, "", time.Time{}, d.Now()
	return d.settle(ctx, v)
}

// refused has a delivery tried again later, or gives it up.
func (d *Deliverer) refused(ctx context.Context, v schedule.Delivery, why RefusedError) error {
	v.Attempts++
	pause, more := schedule.NextAttempt(v.Attempts)
	v.State, v.NextTime, v.Failure, v.Fingerprint, v.Share = schedule.Pending, d.Now().Add(pause), why.Reason, "", ""
	if why.Permanent || !more {
		v.State, v.NextTime = schedule.GivenUp, time.Time{}
	}
	d.Log.WarnContext(ctx, "a report was not sent", slog.String("organization", v.Organization), slog.String("schedule", v.Schedule), slog.String("run", v.Run),
		slog.Int("attempt", v.Attempts), slog.Bool("final", v.State == schedule.GivenUp), slog.String("reason", why.Reason))
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
