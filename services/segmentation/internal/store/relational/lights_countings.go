package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// countingState is what becomes of a counting; the numbers are stored.
type countingState int64

const (
	// building is one that is counted from the answers that are there, beside what comes.
	building countingState = 1
	// judging is the one that lights are read from.
	judging countingState = 2
	// replaced is the one that judged before: its lights are still compared with those of the one that does now.
	replaced countingState = 3
	// dropped is one that nobody needs.
	dropped countingState = 4
)

// counting is how the answers of an organisation are counted by one policy.
type counting struct {
	organization string
	generation   int64
	version      int64
	state        countingState
	// survey and response are up to where answers are counted while it is building.
	survey, response string
	edges            light.Edges
	policy           light.Policy
}

// member tells in which periods a response counts.
func (c *counting) member(r *light.Row) light.Member {
	if c.state == building && (r.Survey > c.survey || r.Survey == c.survey && r.Response > c.response) {
		return light.Member{}
	}
	return c.edges.Of(r.Time)
}

const (
	countingColumns = `organization, generation, version, state, survey, response, window_edge, recent_edge, before_edge`

	sqlCountings    = `SELECT ` + countingColumns + ` FROM light_countings WHERE organization = $1 ORDER BY generation`
	sqlAllCountings = `SELECT ` + countingColumns + ` FROM light_countings ORDER BY organization, generation`
	sqlPutCounting  = `INSERT INTO light_countings (` + countingColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (organization, generation) DO UPDATE SET state = excluded.state, survey = excluded.survey, response = excluded.response,
window_edge = excluded.window_edge, recent_edge = excluded.recent_edge, before_edge = excluded.before_edge`
	sqlDropCounting = `DELETE FROM light_countings WHERE organization = $1 AND generation = $2`

	sqlLightPolicy    = `SELECT policy FROM light_policies WHERE organization = $1 AND version = $2`
	sqlNewestPolicy   = `SELECT policy FROM light_policies WHERE organization = $1 ORDER BY version DESC LIMIT 1`
	sqlAddLightPolicy = `INSERT INTO light_policies (organization, version, policy) VALUES ($1, $2, $3)`
)

func scanCounting(row relational.Scanner) (c counting, err error) {
	var window, recent, before int64
	err = row.Scan(&c.organization, &c.generation, &c.version, &c.state, &c.survey, &c.response, &window, &recent, &before)
	c.edges = light.Edges{Window: relational.FromMicro(window), Recent: relational.FromMicro(recent), Before: relational.FromMicro(before)}
	return c, err
}

func scanLightPolicy(row relational.Scanner) (p light.Policy, err error) {
	var raw string
	if err := row.Scan(&raw); err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(raw), &p); err != nil {
		return p, fmt.Errorf("decode policy of lights: %w", err)
	}
	return p, nil
}

// policyOf is a version of an organisation's policy.
func policyOf(ctx context.Context, r relational.Reader, organization string, version int64) (light.Policy, error) {
	if version == 0 {
		return light.Default(), nil
	}
	return relational.One(ctx, r, scanLightPolicy, sqlLightPolicy, organization, version)
}

// newestPolicy is the policy that an organisation wants.
func newestPolicy(ctx context.Context, r relational.Reader, organization string) (light.Policy, error) {
	p, err := relational.One(ctx, r, scanLightPolicy, sqlNewestPolicy, organization)
	if errors.Is(err, relational.ErrNoRow) {
		return light.Default(), nil
	}
	return p, err
}

// countingsOf are the countings of an organisation that are kept up to date: the one that judges, and one that is being built.
func countingsOf(ctx context.Context, r relational.Reader, organization string) ([]counting, error) {
	all, err := relational.List(ctx, r, scanCounting, sqlCountings, organization)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c counting) bool { return c.state != building && c.state != judging })
	for i := range all {
		if all[i].policy, err = policyOf(ctx, r, organization, all[i].version); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// judgingOf is the counting that lights are read from; errors: relational.ErrNoRow.
func judgingOf(ctx context.Context, r relational.Reader, organization string) (counting, error) {
	all, err := countingsOf(ctx, r, organization)
	if err != nil {
		return counting{}, err
	}
	for _, c := range all {
		if c.state == judging {
			return c, nil
		}
	}
	return counting{}, relational.ErrNoRow
}

// putCounting stores a counting.
func (w *writing) putCounting(ctx context.Context, c counting) error {
	_, err := w.Exec(ctx, sqlPutCounting, c.organization, c.generation, c.version, int64(c.state), c.survey, c.response, relational.ToMicro(c.edges.Window),
		relational.ToMicro(c.edges.Recent), relational.ToMicro(c.edges.Before))
	return err
}

// keptCountings are countingsOf, with a first one where there is none yet.
func (w *writing) keptCountings(ctx context.Context, organization string, now time.Time) ([]counting, error) {
	all, err := countingsOf(ctx, w, organization)
	if err != nil || len(all) > 0 {
		return all, err
	}
	p, err := newestPolicy(ctx, w, organization)
	if err != nil {
		return nil, err
	}
	first := counting{organization: organization, generation: 1, version: p.Version, state: judging, edges: p.EdgesAt(now), policy: p}
	return []counting{first}, w.putCounting(ctx, first)
}

// LightPolicy implements store.Lights.
func (s *Store) LightPolicy(ctx context.Context, organization string) (out store.LightPolicies, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		if out.Stated, err = newestPolicy(ctx, r, organization); err != nil {
			return err
		}
		out.Judging = out.Stated
		c, err := judgingOf(ctx, r, organization)
		if errors.Is(err, relational.ErrNoRow) {
			return nil
		}
		out.Judging, out.Counting, out.Edges = c.policy, c.version != out.Stated.Version, c.edges
		return err
	})
	return out, s.db.Explain("read policy of lights", err)
}

// PutLightPolicy implements store.Lights.
func (s *Store) PutLightPolicy(ctx context.Context, organization string, p light.Policy, was int64) (light.Policy, error) {
	err := s.write(ctx, "change policy of lights", func(ctx context.Context, w *writing) error {
		before, err := newestPolicy(ctx, w, organization)
		if err != nil {
			return err
		}
		if before.Version != was {
			return store.ErrChanged
		}
		p.Version = was + 1
		raw, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode policy of lights: %w", err)
		}
		if _, err := w.Exec(ctx, sqlAddLightPolicy, organization, p.Version, string(raw)); err != nil {
			return err
		}
		return w.beginCounting(ctx, organization, p)
	})
	return p, err
}

// beginCounting begins to count anew by a policy, unless nothing was ever counted: then the first answer begins.
func (w *writing) beginCounting(ctx context.Context, organization string, p light.Policy) error {
	all, err := relational.List(ctx, w, scanCounting, sqlCountings, organization)
	if err != nil || len(all) == 0 {
		return err
	}
	last := int64(0)
	for _, c := range all {
		last = max(last, c.generation)
		if c.state != building {
			continue
		}
		c.state = dropped
		if err := w.putCounting(ctx, c); err != nil {
			return err
		}
	}
	return w.putCounting(ctx, counting{organization: organization, generation: last + 1, version: p.Version, state: building, edges: p.EdgesAt(p.UpdateTime)})
}
