package suite

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/services/scoring"
	"github.com/otklik/otklik/services/survey"
)

// All runs the whole suite in this process until it is told to stop.
func All(ctx context.Context, config Config, announce func(Ready)) error {
	if err := makeDataFolder(config.Data); err != nil {
		return err
	}
	// The services of this process call each other by a key that lives as long as the process.
	internal := authn.NewSecret()
	keys := []authn.Key{keyFor("internal", internal, "", authn.RoleService)}
	var first string
	if len(config.Auth.Keys) == 0 {
		var err error
		if first, err = firstKey(config.Data); err != nil {
			return err
		}
		keys = append(keys, keyFor("first", first, DefaultOrganization, "admin"))
	}
	p, err := newProcess(ctx, "otklik", config, keys...)
	if err != nil {
		return err
	}
	p.ready.Key = first
	if err := p.addAll(ctx, internal); err != nil {
		return errors.Join(err, p.close())
	}
	return p.run(ctx, announce)
}

func (p *process) addAll(ctx context.Context, internal string) error {
	if err := p.addSurvey(ctx); err != nil {
		return err
	}
	inProcess := p.server.InProcess()
	if err := p.addScoring(ctx, rpcclient.WithKey(inProcess, internal, "")); err != nil {
		return err
	}
	if err := p.addServer(); err != nil {
		return err
	}
	return p.addGateway(inProcess, inProcess)
}

func (p *process) addSurvey(ctx context.Context) error {
	if err := p.lock("survey"); err != nil {
		return err
	}
	s, err := survey.New(ctx, p.config.Survey, survey.Deps{Data: p.config.Data, Logger: p.log})
	if err != nil {
		return fmt.Errorf("build survey service: %w", err)
	}
	p.addUnit("survey", s)
	return nil
}

func (p *process) addScoring(ctx context.Context, surveyConn grpc.ClientConnInterface) error {
	if err := p.lock("scoring"); err != nil {
		return err
	}
	s, err := scoring.New(ctx, p.config.Scoring, scoring.Deps{Survey: surveyConn, Data: p.config.Data, Logger: p.log, Meters: p.telemetry.Meters})
	if err != nil {
		return fmt.Errorf("build scoring service: %w", err)
	}
	p.addUnit("scoring", s)
	return nil
}

// Survey runs the survey service alone.
func Survey(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-survey", config, announce, func(p *process) error {
		if err := makeDataFolder(config.Data); err != nil {
			return err
		}
		if err := p.addSurvey(ctx); err != nil {
			return err
		}
		return p.addServer()
	})
}

// Scoring runs the scoring service alone, reading from the survey service at peers.survey.
func Scoring(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-scoring", config, announce, func(p *process) error {
		if err := errors.Join(config.checkApart(true, false, true), makeDataFolder(config.Data)); err != nil {
			return err
		}
		conn, err := p.dial("survey", config.Peers.Survey, config.Peers.Key)
		if err != nil {
			return err
		}
		if err := p.addScoring(ctx, conn); err != nil {
			return err
		}
		return p.addServer()
	})
}

// Gateway runs the gateway alone, in front of the services at peers.survey and peers.scoring. It passes on its callers' own keys.
func Gateway(ctx context.Context, config Config, announce func(Ready)) error {
	return runApart(ctx, "otklik-gateway", config, announce, func(p *process) error {
		if err := config.checkApart(true, true, false); err != nil {
			return err
		}
		surveyConn, err := p.dial("survey", config.Peers.Survey, "")
		if err != nil {
			return err
		}
		scoringConn, err := p.dial("scoring", config.Peers.Scoring, "")
		if err != nil {
			return err
		}
		return p.addGateway(surveyConn, scoringConn)
	})
}

func runApart(ctx context.Context, name string, config Config, announce func(Ready), add func(*process) error) error {
	p, err := newProcess(ctx, name, config)
	if err != nil {
		return err
	}
	if err := add(p); err != nil {
		return errors.Join(err, p.close())
	}
	return p.run(ctx, announce)
}
