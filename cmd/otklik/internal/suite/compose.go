package suite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/services/access"
	"github.com/otklik/otklik/services/comment"
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
	if err := p.addAccess(ctx, access.Deps{Survey: self, Scoring: self, Comment: self, Segmentation: self}); err != nil {
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
	return fronted{survey: c, scoring: c, access: c, comment: c, segmentation: c}
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
	s, err := scoring.New(ctx, p.config.Scoring, deps)
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

// addAccess adds the access service. deps holds the connections to the services that it asks what they keep of persons.
func (p *process) addAccess(ctx context.Context, deps access.Deps) error {
	if err := p.claimFile("access", p.config.Access.Postgres); err != nil {
		return err
	}
	deps.Roles, deps.Instance, deps.Data, deps.Logger, deps.Now = p.roles, p.instance, p.config.Data, p.log, p.config.Clock.now
	deps.Tracers, deps.Meters = p.telemetry.Tracers, p.telemetry.Meters
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

// Survey runs the survey service alone, with the access service at peers.access.
func Survey(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-survey", config, true, announce, func(p *process) error {
		if err := config.checkApart(need{access: true, key: true}); err != nil {
			return err
		}
		if err := p.dialAccess(); err != nil {
			return err
		}
		if err := p.addSurvey(ctx, p.redis != nil); err != nil {
			return err
		}
		return p.addServer()
	})
}

// Scoring runs the scoring service alone, reading from the survey service at peers.survey, and from the comment service at peers.comment and the segmentation
// service at peers.segmentation, if those are set, which may start later or be away.
func Scoring(ctx context.Context, config Config, announce func(Ready)) error {
	return runFollower(ctx, "otklik-scoring", config, announce, func(p *process, ctx context.Context, surveyConn grpc.ClientConnInterface) error {
		deps := scoring.Deps{Survey: surveyConn}
		var err error
		if config.Peers.Comment != "" {
			if deps.Comment, err = p.dialByKey(config.commentPeer()); err != nil {
				return err
			}
		}
		if config.Peers.Segmentation != "" {
			if deps.Segmentation, err = p.dialByKey(config.segmentationPeer()); err != nil {
				return err
			}
		}
		return p.addScoring(ctx, deps)
	})
}

// Comment runs the comment service alone, reading from the survey service at peers.survey.
func Comment(ctx context.Context, config Config, announce func(Ready)) error {
	return runFollower(ctx, "otklik-comment", config, announce, (*process).addComment)
}

// Segmentation runs the segmentation service alone, reading from the survey service at peers.survey, and from those at peers.comment and peers.scoring, which
// may start later or be away.
func Segmentation(ctx context.Context, config Config, announce func(Ready)) error {
	return runFollower(ctx, "otklik-segmentation", config, announce, func(p *process, ctx context.Context, surveyConn grpc.ClientConnInterface) error {
		if err := config.checkApart(need{comment: true, scoring: true}); err != nil {
			return err
		}
		deps := segmentation.Deps{Survey: surveyConn}
		var err error
		if deps.Comment, err = p.dialByKey(config.commentPeer()); err != nil {
			return err
		}
		if deps.Scoring, err = p.dialByKey(config.scoringPeer()); err != nil {
			return err
		}
		return p.addSegmentation(ctx, deps)
	})
}

// runFollower runs a service that follows the survey service's change log; add adds it, reading over conn.
func runFollower(ctx context.Context, name string, config Config, announce func(Ready), add func(p *process, ctx context.Context, conn grpc.ClientConnInterface) error) error {
	return runApart(ctx, name, config, true, announce, func(p *process) error {
		if err := config.checkApart(need{survey: true, access: true, key: true}); err != nil {
			return err
		}
		if err := p.dialAccess(); err != nil {
			return err
		}
		conn, err := p.dialByKey(config.surveyPeer())
		if err != nil {
			return err
		}
		p.checks = append(p.checks, checkSurveyKey(conn, time.Now))
		if err := add(p, ctx, conn); err != nil {
			return err
		}
		return p.addServer()
	})
}

// Access runs the access service alone. The other services, at peers.survey, peers.scoring, peers.comment and peers.segmentation, may start later: they are
// asked when a person is.
func Access(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-access", config, true, announce, func(p *process) error {
		if err := config.checkApart(need{survey: true, scoring: true, comment: true, segmentation: true, key: true}); err != nil {
			return err
		}
		p.access.set(p.self())
		surveyConn, err := p.dialByKey(config.surveyPeer())
		if err != nil {
			return err
		}
		p.checks = append(p.checks, checkSurveyKey(surveyConn, time.Now))
		scoringConn, err := p.dialByKey(config.scoringPeer())
		if err != nil {
			return err
		}
		commentConn, err := p.dialByKey(config.commentPeer())
		if err != nil {
			return err
		}
		segmentationConn, err := p.dialByKey(config.segmentationPeer())
		if err != nil {
			return err
		}
		if err := p.addAccess(ctx, access.Deps{Survey: surveyConn, Scoring: scoringConn, Comment: commentConn, Segmentation: segmentationConn}); err != nil {
			return err
		}
		return p.addServer()
	})
}

// Gateway runs the gateway alone, in front of the services at peers.survey, peers.scoring, peers.comment, peers.segmentation and peers.access. It passes on its
// callers' own keys.
func Gateway(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-gateway", config, false, announce, func(p *process) error {
		if err := config.checkApart(need{survey: true, scoring: true, access: true, comment: true, segmentation: true}); err != nil {
			return err
		}
		var front fronted
		var err error
		if front.survey, err = p.dial(config.surveyPeer(), false, true); err != nil {
			return err
		}
		if front.scoring, err = p.dial(config.scoringPeer(), false, true); err != nil {
			return err
		}
		if front.comment, err = p.dial(config.commentPeer(), false, false); err != nil {
			return err
		}
		if front.segmentation, err = p.dial(config.segmentationPeer(), false, false); err != nil {
			return err
		}
		// While it is away, answers are still taken by keys that were used a moment ago.
		if front.access, err = p.dial(config.accessPeer(), false, false); err != nil {
			return err
		}
		return p.addGateway(ctx, front)
	})
}

// dialByKey connects to a service that this process calls by itself, and can do without for a while.
func (p *process) dialByKey(to peer) (grpc.ClientConnInterface, error) {
	return p.dial(to, true, false)
}

// dialAccess connects to the access service, which tells whom credentials prove.
func (p *process) dialAccess() error {
	conn, err := p.dialByKey(p.config.accessPeer())
	if err != nil {
		return err
	}
	p.checks = append(p.checks, checkAccessKey(conn, time.Now))
	p.access.set(conn)
	p.audit.set(overConnection(conn))
	return nil
}

func runApart(ctx context.Context, name string, config Config, useRedis bool, announce func(Ready), add func(*process) error) error {
	p, err := newProcess(ctx, name, config, useRedis)
	if err != nil {
		return err
	}
	if err := add(p); err != nil {
		return errors.Join(err, p.close())
	}
	return p.run(ctx, announce)
}
