package suite

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/access"
	"github.com/otklik/otklik/services/reporting"
	"github.com/otklik/otklik/services/scoring"
	"github.com/otklik/otklik/services/segmentation"
)

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

// Reporting runs the reporting service alone. It asks the services at peers.survey, peers.scoring, peers.segmentation and peers.comment by its callers' own keys.
func Reporting(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-reporting", config, true, announce, func(p *process) error {
		if err := config.checkApart(need{survey: true, scoring: true, segmentation: true, comment: true, access: true, key: true}); err != nil {
			return err
		}
		if err := p.dialAccess(); err != nil {
			return err
		}
		surveyConn, err := p.dial(config.surveyPeer(), false, false)
		if err != nil {
			return err
		}
		scoringConn, err := p.dial(config.scoringPeer(), false, false)
		if err != nil {
			return err
		}
		segmentationConn, err := p.dial(config.segmentationPeer(), false, false)
		if err != nil {
			return err
		}
		commentConn, err := p.dial(config.commentPeer(), false, false)
		if err != nil {
			return err
		}
		if err := p.addReporting(ctx, reporting.Deps{Survey: surveyConn, Scoring: scoringConn, Segmentation: segmentationConn, Comment: commentConn}); err != nil {
			return err
		}
		return p.addServer()
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
// asked when a person is. The reporting service is at peers.reporting, if that is set: webhooks hear of its reports.
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
		deps := access.Deps{Survey: surveyConn, Scoring: scoringConn, Comment: commentConn, Segmentation: segmentationConn}
		if config.Peers.Reporting != "" {
			if deps.Reporting, err = p.dialByKey(config.reportingPeer()); err != nil {
				return err
			}
		}
		if err := p.addAccess(ctx, deps); err != nil {
			return err
		}
		return p.addServer()
	})
}

// Gateway runs the gateway alone, in front of the services at peers.survey, peers.scoring, peers.comment, peers.segmentation, peers.reporting and
// peers.access. It passes on its callers' own keys.
func Gateway(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-gateway", config, false, announce, func(p *process) error {
		if err := config.checkApart(need{survey: true, scoring: true, access: true, comment: true, segmentation: true, reporting: true}); err != nil {
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
		if front.reporting, err = p.dial(config.reportingPeer(), false, false); err != nil {
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
