package relational

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
)

const (
	// countAtOnce is how many responses, or lights, are counted, compared or deleted in one transaction: others wait meanwhile.
	countAtOnce = 500
	// edgeStep is by how much the edges of periods move at least.
	edgeStep = time.Minute

	sqlAnswersAfter    = `SELECT ` + answerColumns + ` FROM answers WHERE organization = $1 AND (survey > $2 OR survey = $2 AND response > $3) ORDER BY survey, response LIMIT $4`
	sqlAnswersFrom     = `SELECT ` + answerColumns + ` FROM answers WHERE organization = $1 AND count_time >= $2 AND count_time < $3 ORDER BY count_time LIMIT $4`
	sqlUnsettledLights = `SELECT kind, unit FROM lights WHERE organization = $1 AND generation = $2 AND settled = 0 LIMIT $3`
	sqlDropSomeLights  = `DELETE FROM lights WHERE organization = $1 AND generation = $2 AND (kind, unit) IN
(SELECT kind, unit FROM lights WHERE organization = $1 AND generation = $2 LIMIT $3)`
	sqlDropSomeParts = `DELETE FROM light_parts WHERE organization = $1 AND generation = $2 AND (contact, kind, unit) IN
(SELECT contact, kind, unit FROM light_parts WHERE organization = $1 AND generation = $2 LIMIT $3)`
)

func scanLightUnit(row relational.Scanner) (u light.Unit, err error) {
	err = row.Scan(&u.Kind, &u.ID)
	return u, err
}

// CountLights implements store.Lights. What fails for an organisation stops no other one.
func (s *Store) CountLights(ctx context.Context, now time.Time) (more bool, err error) {
	all, err := relational.List(ctx, s.db, scanCounting, sqlAllCountings)
	if err != nil {
		return false, s.db.Explain("read countings of lights", err)
	}
	var errs []error
	for _, c := range all {
		worked, err := s.countOne(ctx, c, now)
		if err != nil {
			errs = append(errs, fmt.Errorf("of %s: %w", c.organization, err))
		}
		more = more || worked
		if ctx.Err() != nil {
			break
		}
	}
	return more, errors.Join(errs...)
}

// errIdle tells that there is nothing to write.
var errIdle = errors.New("nothing to do")

// countOne does a step of a counting, and tells whether it did something.
func (s *Store) countOne(ctx context.Context, c counting, now time.Time) (worked bool, err error) {
	switch c.state {
	case judging:
		if due, err := s.edgesDue(ctx, c, now); !due || err != nil {
			return false, err
		}
	case replaced, building, dropped:
	}
	err = s.write(ctx, "count lights", func(ctx context.Context, w *writing) error {
		// It may have changed since it was read.
		all, err := relational.List(ctx, w, scanCounting, sqlCountings, c.organization)
		if err != nil {
			return err
		}
		for _, fresh := range all {
			if fresh.generation != c.generation || fresh.state != c.state {
				continue
			}
			if fresh.policy, err = policyOf(ctx, w, fresh.organization, fresh.version); err != nil {
				return err
			}
			return w.step(ctx, fresh, all, now)
		}
		return errIdle
	})
	if errors.Is(err, errIdle) {
		return false, nil
	}
	return err == nil, err
}

// step does a step of a counting, of all that the organisation has. Errors: errIdle.
func (w *writing) step(ctx context.Context, c counting, all []counting, now time.Time) error {
	switch c.state {
	case building:
		return w.buildCounting(ctx, c, all, now)
	case judging:
		return w.moveEdges(ctx, c, now)
	case replaced:
		return w.settleLights(ctx, c, all, now)
	case dropped:
		return w.dropCounting(ctx, c)
	}
	return errIdle
}

// buildCounting counts some of the answers that are there; when all are, lights are read from it.
func (w *writing) buildCounting(ctx context.Context, c counting, all []counting, now time.Time) error {
	rows, err := relational.List(ctx, w, scanAnswers, sqlAnswersAfter, c.organization, c.survey, c.response, countAtOnce)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return w.installCounting(ctx, c, all)
	}
	last := rows[len(rows)-1]
	c.survey, c.response = last.Survey, last.Response
	if err := w.countRows(ctx, c, rows, c.member, now); err != nil {
		return err
	}
	return w.putCounting(ctx, c)
}

// countRows counts rows anew in a counting, which they are in no period of before.
func (w *writing) countRows(ctx context.Context, c counting, rows []light.Row, member func(*light.Row) light.Member, now time.Time) error {
	concerned := make([]*light.Row, len(rows))
	for i := range rows {
		concerned[i] = &rows[i]
	}
	contacts, units := concerning(concerned...)
	t, err := tallyOf(ctx, w, c, contacts, units)
	if err != nil {
		return err
	}
	for _, r := range concerned {
		t.Move(r, light.Member{}, member(r))
		t.note(r)
	}
	return w.writeTally(ctx, t, now)
}

// installCounting makes a counting the one that lights are read from, once the one before is compared with the one before that.
func (w *writing) installCounting(ctx context.Context, c counting, all []counting) error {
	for _, o := range all {
		if o.state == replaced {
			return errIdle
		}
	}
	for _, o := range all {
		if o.state != judging {
			continue
		}
		o.state = replaced
		if err := w.putCounting(ctx, o); err != nil {
			return err
		}
	}
	c.state = judging
	return w.putCounting(ctx, c)
}

// settleLights compares some lights with those of the counting that judged before.
func (w *writing) settleLights(ctx context.Context, old counting, all []counting, now time.Time) error {
	for _, c := range all {
		if c.state != judging {
			continue
		}
		var err error
		if c.policy, err = policyOf(ctx, w, c.organization, c.version); err != nil {
			return err
		}
		some, err := relational.List(ctx, w, scanLightUnit, sqlUnsettledLights, c.organization, c.generation, countAtOnce)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			continue
		}
		units := make(map[light.Unit]bool, len(some))
		for _, u := range some {
			units[u] = true
		}
		t, err := tallyOf(ctx, w, c, nil, units)
		if err != nil {
			return err
		}
		return w.writeTally(ctx, t, now)
	}
	old.state = dropped
	return w.putCounting(ctx, old)
}

// dropCounting deletes some of what a counting holds.
func (w *writing) dropCounting(ctx context.Context, c counting) error {
	lights, err := w.Exec(ctx, sqlDropSomeLights, c.organization, c.generation, countAtOnce)
	if err != nil {
		return err
	}
	parts, err := w.Exec(ctx, sqlDropSomeParts, c.organization, c.generation, countAtOnce)
	if err != nil || lights+parts > 0 {
		return err
	}
	if _, err := w.Exec(ctx, sqlDropLightCounts, c.organization, c.generation); err != nil {
		return err
	}
	_, err = w.Exec(ctx, sqlDropCounting, c.organization, c.generation)
	return err
}

// lightEdge is the beginning of a period, and where it should be.
type lightEdge struct {
	at     *time.Time
	should time.Time
}

// edgesOf are the edges of a counting in the order in which they move: an answer leaves the recent time before that before it ends.
func edgesOf(c *counting, now time.Time) []lightEdge {
	should := c.policy.EdgesAt(now)
	return []lightEdge{{&c.edges.Window, should.Window}, {&c.edges.Recent, should.Recent}, {&c.edges.Before, should.Before}}
}

// edgesDue tells whether answers leave a period.
func (s *Store) edgesDue(ctx context.Context, c counting, now time.Time) (due bool, err error) {
	if c.policy, err = policyOf(ctx, s.db, c.organization, c.version); err != nil {
		return false, s.db.Explain("read policy of lights", err)
	}
	for _, e := range edgesOf(&c, now) {
		if e.should.Sub(*e.at) < edgeStep {
			continue
		}
		some, err := relational.List(ctx, s.db, scanAnswers, sqlAnswersFrom, c.organization, relational.ToMicro(*e.at), relational.ToMicro(e.should), 1)
		if err != nil || len(some) > 0 {
			return err == nil, s.db.Explain("find answers that leave lights", err)
		}
	}
	return false, nil
}

// moveEdges moves the first edge behind which there are answers over some of these.
func (w *writing) moveEdges(ctx context.Context, c counting, now time.Time) error {
	before := c.edges
	for _, e := range edgesOf(&c, now) {
		if e.should.Sub(*e.at) < edgeStep {
			continue
		}
		from := relational.ToMicro(*e.at)
		rows, err := relational.List(ctx, w, scanAnswers, sqlAnswersFrom, c.organization, from, relational.ToMicro(e.should), countAtOnce)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			// Nothing stands between: it can move when something does.
			continue
		}
		next := e.should
		if len(rows) == countAtOnce {
			if rows, next, err = w.whole(ctx, c, rows); err != nil {
				return err
			}
		}
		*e.at = next
		after := c.edges
		concerned := make([]*light.Row, len(rows))
		for i := range rows {
			concerned[i] = &rows[i]
		}
		contacts, units := concerning(concerned...)
		t, err := tallyOf(ctx, w, c, contacts, units)
		if err != nil {
			return err
		}
		for _, r := range concerned {
			t.Move(r, before.Of(r.Time), after.Of(r.Time))
		}
		if err := w.writeTally(ctx, t, now); err != nil {
			return err
		}
		return w.putCounting(ctx, c)
	}
	return errIdle
}

// whole makes of the first of many rows those before a moment, all of them, and the moment.
func (w *writing) whole(ctx context.Context, c counting, rows []light.Row) ([]light.Row, time.Time, error) {
	last := rows[len(rows)-1].Time
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Time.Before(last) {
			return rows[:i+1], last, nil
		}
	}
	next := last.Add(time.Microsecond)
	rows, err := relational.List(ctx, w, scanAnswers, sqlAnswersFrom, c.organization, relational.ToMicro(last), relational.ToMicro(next), int64(1)<<62)
	return rows, next, err
}
