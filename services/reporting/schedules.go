package reporting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/api/feed"
	"github.com/otklik/otklik/services/reporting/internal/api/reports"
	"github.com/otklik/otklik/services/reporting/internal/api/schedules"
	"github.com/otklik/otklik/services/reporting/internal/api/shares"
	"github.com/otklik/otklik/services/reporting/internal/delivery"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	// delegationLifetime is how long a report may take that is made on somebody's behalf.
	delegationLifetime = 10 * time.Minute
	// sweepInterval is how often is forgotten what became of runs long ago.
	sweepInterval = time.Hour
	// leasedKeys is how many keys are leased at a time: few addresses are sealed.
	leasedKeys = 10
)

// scheduling is what makes and sends reports by itself.
type scheduling struct {
	rooms     []room
	chores    []chore.Chore
	keeper    *seal.Keeper
	deliverer *delivery.Deliverer
}

// newScheduling makes it; maker makes the reports. leads tells whether this process does the chores.
func newScheduling(config Config, deps Deps, db store.Store, maker *reports.Server, zone *time.Location, leads func() bool) (*scheduling, error) {
	sender, err := config.SMTP.Sender()
	if err != nil {
		return nil, err
	}
	noted, err := measure(deps, db, leads)
	if err != nil {
		return nil, err
	}
	out := &scheduling{keeper: seal.NewKeeper(peers.NewVault(deps.Access), seal.KeeperOptions{Lease: leasedKeys, Now: deps.Now})}
	envelope := seal.Envelope{Keeper: out.keeper, Owner: "\x00reports", Label: "reporting/recipients"}
	credentials := peers.NewCredentials(deps.Access)
	tokens := page.Codec{TTL: config.PageTokenTTL, Now: deps.Now}
	links := shares.New(shares.Deps{
		Store: db, Reports: maker, Credentials: credentials, Behalf: behalf(peers.Delegate(deps.Access)), Tokens: tokens, PublicURL: config.PublicURL,
		Zone: zone, Now: deps.Now, Log: deps.Logger,
	})
	planned, err := schedules.New(schedules.Deps{
		Store: db, Links: links, Reports: maker, Credentials: credentials, Envelope: envelope, Tokens: tokens, PublicURL: config.PublicURL,
		Zone: zone, Now: deps.Now,
	})
	if err != nil {
		return nil, errors.Join(err, out.keeper.Close())
	}
	out.rooms = []room{planned, links, &feed.Server{Events: db, Now: deps.Now}}
	out.deliverer = &delivery.Deliverer{
		Store: db, Renderer: renderer{maker}, Behalf: onBehalf(peers.Delegate(deps.Access)), Envelope: envelope, Members: credentials, Links: linker{links}, PublicURL: config.PublicURL,
		Domain: config.SMTP.Domain(), Log: deps.Logger, Now: deps.Now, Noted: noted,
	}
	if sender != nil {
		out.deliverer.Sender = sender
	}
	out.chores = []chore.Chore{
		{What: "making and sending reports", Every: config.SMTP.Interval, Do: out.deliverer.Run},
		{What: "forgetting what became of reports", Every: sweepInterval, Do: out.deliverer.Sweep},
		{What: "forgetting links whose time is over", Every: sweepInterval, Do: links.Sweep},
	}
	return out, nil
}

// behalf acts on behalf of principals.
func behalf(d *peers.Delegates) shares.Behalf {
	return func(ctx context.Context, organization, principal, resource string) (context.Context, func(string) bool, error) {
		as, by, err := d.OnBehalf(ctx, organization, principal, resource, delegationLifetime)
		return as, by.May, err
	}
}

// onBehalf acts on behalf of principals for the deliverer.
func onBehalf(d *peers.Delegates) delivery.Behalf {
	return func(ctx context.Context, organization, principal, resource string) (context.Context, delivery.Rights, error) {
		as, by, err := d.OnBehalf(ctx, organization, principal, resource, delegationLifetime)
		if errors.Is(err, peers.ErrGone) {
			return nil, delivery.Rights{}, fmt.Errorf("%w: %w", delivery.ErrGone, err)
		}
		return as, delivery.Rights{May: by.May, Restricted: by.Principal.Restricted()}, err
	}
}

// renderer makes reports for the deliverer, to whom it says of an error whether trying again helps.
type renderer struct{ report.Renderer }

// Render implements report.Renderer.
func (r renderer) Render(ctx context.Context, request report.Request) (report.Rendered, error) {
	out, err := r.Renderer.Render(ctx, request)
	return out, refusal(ctx, err)
}

// linker makes links for the deliverer, with errors as of renderer.
type linker struct{ *shares.Server }

// Link implements delivery.Links.
func (l linker) Link(ctx context.Context, of share.Share) (name, address string, err error) {
	name, address, err = l.Server.Link(ctx, of)
	return name, address, refusal(ctx, err)
}

// refusal says of an error whether trying again helps.
func refusal(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	said, ok := rpcerr.FromError(err)
	if !ok {
		return err
	}
	refused := &delivery.RefusedError{Reason: said.Message}
	switch said.Code {
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.PermissionDenied, codes.OutOfRange:
		refused.Permanent = true
	}
	return refused
}

// measure makes the instruments of deliveries: what becomes of attempts, and how many schedules are overdue, told by the process that does the chores.
func measure(deps Deps, db store.Schedules, leads func() bool) (func(context.Context, schedule.DeliveryState), error) {
	if deps.Meters == nil {
		return nil, nil
	}
	meter := deps.Meters.Meter(meterName)
	counter, err := meter.Int64Counter("otklik.reports.deliveries", metric.WithUnit("{message}"),
		metric.WithDescription("Attempts to make and send reports to recipients, by outcome: sent, retried (to be sent again) or failed (given up)."))
	if err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	outcomes := map[schedule.DeliveryState]string{schedule.Sent: "sent", schedule.Pending: "retried", schedule.GivenUp: "failed"}
	// Shown from the start.
	for _, outcome := range outcomes {
		counter.Add(context.Background(), 0, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
	_, err = meter.Int64ObservableGauge("otklik.reports.overdue", metric.WithUnit("{schedule}"),
		metric.WithDescription("Report schedules whose last report was not delivered an hour after its time; told by the process that leads."),
		metric.WithInt64Callback(func(ctx context.Context, o metric.Int64Observer) error {
			if !leads() {
				return nil
			}
			late, err := db.CountLate(ctx, deps.Now().Add(-schedule.Grace))
			if err == nil {
				o.Observe(late)
			}
			return err
		}))
	if err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return func(ctx context.Context, state schedule.DeliveryState) {
		counter.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcomes[state])))
	}, nil
}
