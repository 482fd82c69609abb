package suite

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/services/access"
	"github.com/otklik/otklik/services/comment"
	"github.com/otklik/otklik/services/reporting"
	"github.com/otklik/otklik/services/scoring"
	"github.com/otklik/otklik/services/segmentation"
	"github.com/otklik/otklik/services/survey"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// All runs the whole suite in this process until it is told to stop.
func All(ctx context.Context, config Config, announce func(Ready)) error {
	needsKey := len(config.Auth.Keys) == 0
	if needsKey || len(config.databases()) < services {
		if err := makeDataFolder(config.Data); err != nil {
			return err
		}
	}
	var keys []authn.Key
	var first firstKey
	if needsKey {
		var err error
		if first, err = readFirstKey(config.Data); err != nil {
			return err
		}
		keys = append(keys, keyFor("first", first.secret, DefaultOrganization, "admin"))
	}
	p, err := newProcess(ctx, "otklik", config, true, keys...)
	if err != nil {
		return err
	}
	p.tellFirstKey(ctx, first)
	p.tellDevelopment(ctx)
	if err := p.addAll(ctx); err != nil {
		return errors.Join(err, p.close())
	}
	return p.run(ctx, announce)
}

func (p *process) addAll(ctx context.Context) error {
	self := p.self()
	p.access.set(self)
	// Nobody else follows the events of a process whose scores are in a file of its own.
	if err := p.addSurvey(ctx, p.sharesEvents()); err != nil {
		return err
	}
	if err := p.addScoring(ctx, scoring.Deps{Survey: self, Comment: self, Segmentation: self}); err != nil {
		return err
	}
	if err := p.addComment(ctx, self); err != nil {
		return err
	}
	if err := p.addSegmentation(ctx, segmentation.Deps{Survey: self, Comment: self, Scoring: self}); err != nil {
		return err
	}
	if err := p.addAccess(ctx, access.Deps{Survey: self, Scoring: self, Comment: self, Segmentation: self, Reporting: self}); err != nil {
		return err
	}
	// It asks by its callers' own keys.
	inside := p.server.InProcess()
	if err := p.addReporting(ctx, reporting.Deps{Survey: inside, Scoring: inside, Segmentation: inside, Comment: inside}); err != nil {
		return err
	}
	if err := p.addServer(); err != nil {
		return err
	}
	return p.addGateway(ctx, p.frontItself())
}

// frontItself are connections to what runs in this process.
func (p *process) frontItself() fronted {
	c := p.server.InProcess()
	return fronted{survey: c, scoring: c, access: c, comment: c, segmentation: c, reporting: c}
}

// sharesEvents tells whether the replicas of the scoring service share the events through Redis. That needs a store that they share: a file
// would get a part of the events only, so that a service on a file reads the survey service's log by itself, all of it.
func (p *process) sharesEvents() bool {
	return p.redis != nil && p.config.Scoring.Postgres.Enabled()
}

func (p *process) addSurvey(ctx context.Context, publish bool) error {
	if err := p.claimFile("survey", p.config.Survey.Postgres); err != nil {
		return err
	}
	deps := survey.Deps{
		Vault: &p.access, Data: p.config.Data, Logger: p.log, Tracers: p.telemetry.Tracers, Meters: p.telemetry.Meters, Now: p.config.Clock.now,
	}
	if publish {
		publisher, err := p.publisher()
		if err != nil {
			return err
		}
		deps.Publisher = publisher
	}
	s, err := survey.New(ctx, p.config.Survey, deps)
	if err != nil {
		return fmt.Errorf("build survey service: %w", err)
	}
	p.addUnit("survey", s)
	return nil
}

// addScoring adds the scoring service. deps holds the connections to the services that it follows.
func (p *process) addScoring(ctx context.Context, deps scoring.Deps) error {
	if err := p.claimFile("scoring", p.config.Scoring.Postgres); err != nil {
		return err
	}
	deps.Vault, deps.Data, deps.Logger, deps.Instance, deps.Now = &p.access, p.config.Data, p.log, p.instance, p.config.Clock.now
	deps.Meters, deps.Tracers = p.telemetry.Meters, p.telemetry.Tracers
	if p.redis != nil {
		deps.Cache = rediskit.NewCache(p.redis, "scoring", p.log)
		deps.Signal = rediskit.NewSignal(p.redis, "scoring", p.log)
	}
	if p.sharesEvents() {
		deps.Events = func(refill func(partition, count int) eventlog.Source[*surveyv1.Event]) (eventlog.Log[*surveyv1.Event], error) {
			return p.subscriber("scoring", refill)
		}
	}
	config := p.config.Scoring
	config.TimeZone, _ = p.config.zones()
	s, err := scoring.New(ctx, config, deps)
	if err != nil {
		return fmt.Errorf("build scoring service: %w", err)
	}
	p.addUnit("scoring", s)
	return nil
}

func (p *process) addComment(ctx context.Context, surveyConn grpc.ClientConnInterface) error {
	if err := p.claimFile("comment", p.config.Comment.Postgres); err != nil {
		return err
	}
	config := p.config.Comment
	if config.Retention.Words == 0 {
		config.Retention.Words = p.config.Survey.Retention.Words
	}
	s, err := comment.New(ctx, config, comment.Deps{
		Survey: surveyConn, Vault: &p.access, Instance: p.instance, Data: p.config.Data, Logger: p.log, Tracers: p.telemetry.Tracers, Meters: p.telemetry.Meters,
		Now: p.config.Clock.now,
	})
	if err != nil {
		return fmt.Errorf("build comment service: %w", err)
	}
	p.addUnit("comment", s)
	return nil
}

// addSegmentation adds the segmentation service. deps holds the connections to the services that it follows.
func (p *process) addSegmentation(ctx context.Context, deps segmentation.Deps) error {
	if err := p.claimFile("segmentation", p.config.Segmentation.Postgres); err != nil {
		return err
	}
	deps.Vault, deps.Instance, deps.Data, deps.Logger, deps.Now = &p.access, p.instance, p.config.Data, p.log, p.config.Clock.now
	deps.Tracers, deps.Meters = p.telemetry.Tracers, p.telemetry.Meters
	config := p.config.Segmentation
	if config.PublicURL == "" {
		config.PublicURL = p.config.Gateway.PublicURL
	}
	s, err := segmentation.New(ctx, config, deps)
	if err != nil {
		return fmt.Errorf("build segmentation service: %w", err)
	}
	p.addUnit("segmentation", s)
	return nil
}

// addReporting adds the reporting service. deps holds the connections to the services that it asks, without a key.
func (p *process) addReporting(ctx context.Context, deps reporting.Deps) error {
	if err := p.claimFile("reporting", p.config.Reporting.Postgres); err != nil {
		return err
	}
	deps.Instance, deps.Data, deps.Logger, deps.Now = p.instance, p.config.Data, p.log, p.config.Clock.now
	deps.Tracers, deps.Meters = p.telemetry.Tracers, p.telemetry.Meters
	config := p.config.Reporting
	_, config.TimeZone = p.config.zones()
	if config.PublicURL == "" {
		config.PublicURL = p.config.Gateway.PublicURL
	}
	if config.SMTP.Host == "" {
		interval := config.SMTP.Interval
		config.SMTP = p.config.Segmentation.SMTP
		config.SMTP.Interval = interval
	}
	deps.Access = &p.access
	s, err := reporting.New(ctx, config, deps)
	if err != nil {
		return fmt.Errorf("build reporting service: %w", err)
	}
	p.addUnit("reporting", s)
	return nil
}

// addAccess adds the access service. deps holds the connections to the services that it asks what they keep of persons.
func (p *process) addAccess(ctx context.Context, deps access.Deps) error {
	if err := p.claimFile("access", p.config.Access.Postgres); err != nil {
		return err
	}
	deps.Roles, deps.Instance, deps.Data, deps.Logger, deps.Now = p.roles, p.instance, p.config.Data, p.log, p.config.Clock.now
	deps.Tracers, deps.Meters, deps.Static = p.telemetry.Tracers, p.telemetry.Meters, p.named
	s, err := access.New(ctx, p.config.Access, deps)
	if err != nil {
		return fmt.Errorf("build access service: %w", err)
	}
	p.audit.set(directly(s))
	p.addUnit("access", s)
	return nil
}

// claimFile takes the file of a service that has no database for this process.
func (p *process) claimFile(service string, database pgkit.Config) error {
	if database.Enabled() {
		return nil
	}
	if err := makeDataFolder(p.config.Data); err != nil {
		return err
	}
	return p.lock(service)
}
