package segmentation

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/dispatch"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/ingest"
)

// sweepInterval is how often is forgotten what became of digests long ago, and what was uploaded of tables that nobody goes on with.
const sweepInterval = time.Hour

// interviewFollowers open interviews of red lights, and ask after cases that were closed.
func (p parts) interviewFollowers() []follow.Follower {
	red, after := &ingest.RedList{Store: p.store}, &ingest.Recovery{Store: p.store, Revisions: p.catalog}
	return append([]follow.Follower{red.Follow()}, after.Follow(p.deps.Survey)...)
}

// digestChores send digests, where there is a mail server.
func (p parts) digestChores() []chore.Chore {
	if p.sender == nil {
		return nil
	}
	d := &dispatch.Dispatcher{
		Store: p.store, Sender: p.sender, Envelope: digest.NewEnvelope(p.keeper), PublicURL: p.config.PublicURL, Domain: p.config.SMTP.Domain(),
		Log: p.deps.Logger, Now: p.deps.Now, Noted: p.noted,
	}
	return []chore.Chore{
		{What: "sending digests", Every: p.config.SMTP.Interval, Do: d.Run},
		{What: "forgetting what became of digests", Every: sweepInterval, Do: d.Sweep},
	}
}

// mailing is what digests are sent by.
type mailing struct {
	// sender is nil where there is no mail server.
	sender *mail.Sender
	noted  func(context.Context, digest.State)
}

// newMailing makes what digests are sent by.
func newMailing(config Config, deps Deps) (m mailing, err error) {
	if m.sender, err = config.SMTP.Sender(); err != nil {
		return mailing{}, err
	}
	m.noted, err = countDigests(deps.Meters)
	return m, err
}
