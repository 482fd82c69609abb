package view

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/release"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// ErrTooMany tells that there are more answers than can be looked at at a time.
var ErrTooMany = errors.New("too many answers")

const (
	// maxAnswers bounds the memory that a view takes while it is made.
	maxAnswers = 4_000_000
	// maxConflicts is how often blocks are formed anew because another process formed some.
	maxConflicts = 20
)

// Ledger is what blocks are formed of and where they are kept.
type Ledger interface {
	Records
	// Releases returns the blocks of a survey, AddReleases adds to them: store.ErrConflict when there are others than `after`.
	Releases(ctx context.Context, survey string) ([][]byte, error)
	AddReleases(ctx context.Context, survey string, after int, blocks [][]byte) error
}

// Rules say what is protected, and how.
type Rules struct {
	// Least is the number of answers that are released together.
	Least int
	// Location is the time zone of the calendar months in which answers are released.
	Location *time.Location
	// History says by which key answers of employees are grouped.
	History questionnaire.History
	// Population says who was asked.
	Population fact.Population
	// ByEmployee protects the employees that answers rate; otherwise those who answered are.
	ByEmployee bool
	// Units are what the caller is restricted to.
	Units Units
	// Read tells that the caller may read each answer that belongs to the units with the employee whom it rates, so that nothing is held back from the caller beyond what is in no block.
	Read bool
	// First and Last are the months that are asked for.
	First, Last release.Month
}

// Protected is what may be told, and what there is.
type Protected struct {
	// Released counts answers that may enter scores, each in the middle of its month; Present counts all.
	Released, Present *cube.Cube
}

// Protect forms the blocks that can be formed, and counts what is released.
func Protect(ctx context.Context, l Ledger, survey string, r Rules) (Protected, error) {
	for range maxConflicts {
		p, err := protect(ctx, l, survey, &r)
		if !errors.Is(err, store.ErrConflict) {
			return p, err
		}
	}
	return Protected{}, fmt.Errorf("form blocks of survey %s: %w", survey, store.ErrConflict)
}

func protect(ctx context.Context, l Ledger, survey string, r *Rules) (Protected, error) {
	// The blocks come first: what they name is stored, then, unless it was removed.
	encoded, err := l.Releases(ctx, survey)
	if err != nil {
		return Protected{}, err
	}
	blocks := make([]release.Block, len(encoded))
	for i, data := range encoded {
		if blocks[i], err = release.Decode(data); err != nil {
			return Protected{}, err
		}
	}
	g := &gathering{rules: r}
	if err := counted(ctx, l, survey, g.fact, g.refusal); err != nil {
		return Protected{}, fmt.Errorf("gather answers: %w", err)
	}
	formed := release.Form(r.Least, &g.answers, blocks)
	if len(formed) > 0 {
		encoded := make([][]byte, len(formed))
		for i := range formed {
			encoded[i] = formed[i].Encode()
		}
		if err := l.AddReleases(ctx, survey, len(blocks), encoded); err != nil {
			return Protected{}, err
		}
		blocks = append(blocks, formed...)
	}
	return count(survey, r, &g.answers, blocks)
}

// gathering collects the answers that the rules protect.
type gathering struct {
	rules   *Rules
	answers release.Answers
}

// key is the key by which answers to a revision are kept apart; false when that is not known.
func (g *gathering) key(revision *questionnaire.Revision) (fact.ContextKey, bool) {
	if g.rules.ByEmployee {
		return fact.EmployeeKey, true
	}
	if revision == nil {
		return fact.NoKey, false
	}
	return revision.Grouping, true
}

func (g *gathering) fact(position int64, f *fact.Fact) error {
	if f.Population != g.rules.Population {
		return nil
	}
	var revision *questionnaire.Revision
	if n := f.Revision; n <= int64(len(g.rules.History.Revisions)) {
		revision = g.rules.History.Revisions[n-1]
	}
	x, ok := g.answer(position, revision, f.Context, f.CountTime)
	if !ok {
		return nil
	}
	s := g.series(cube.Answers)
	for i := range f.Answers {
		a := &f.Answers[i]
		if !a.Present || !a.Kind.Scored() {
			continue
		}
		s.Question, s.Scale, x.Value = a.Question, a.Scale.ID(), int64(a.Value)
		g.answers.Add(s, x)
	}
	x.Value = 0
	g.answers.Add(g.series(cube.Outcomes), x)
	return g.bounded()
}

func (g *gathering) refusal(position int64, r *fact.Refusal) error {
	if r.Population != g.rules.Population {
		return nil
	}
	x, ok := g.answer(position, g.rules.History.At(r.ReceiveTime), r.Context, r.CountTime)
	if !ok {
		return nil
	}
	s := g.series(cube.Outcomes)
	s.Refusals, x.Value = true, int64(r.Kind)
	g.answers.Add(s, x)
	return g.bounded()
}

func (g *gathering) series(kind cube.CellKind) release.Series {
	return release.Series{Kind: kind, Population: g.rules.Population, ByEmployee: g.rules.ByEmployee}
}

// answer is an answer without its value; false when it is of no interest.
func (g *gathering) answer(position int64, revision *questionnaire.Revision, c fact.Context, at time.Time) (release.Answer, bool) {
	key, ok := g.key(revision)
	month := release.MonthOf(at, g.rules.Location)
	if !ok || month < g.rules.First || month > g.rules.Last {
		return release.Answer{}, false
	}
	return release.Answer{
		Position: position, Cell: release.Cell{Key: key, Group: c.Value(key), Month: month}, Foreign: !g.rules.Units.Hold(c),
	}, true
}

func (g *gathering) bounded() error {
	if g.answers.Len() > maxAnswers {
		return ErrTooMany
	}
	return nil
}

// count counts what is released and what there is.
func count(survey string, r *Rules, answers *release.Answers, blocks []release.Block) (Protected, error) {
	released, present := &cube.Delta{}, &cube.Delta{}
	// Who is restricted to employees is told nothing but what is released; to who reads the answers the sum of all tells nothing new.
	exact := len(r.Units[fact.EmployeeKey]) == 0 && !r.Read
	release.Released(r.Least, exact, answers, blocks, func(s release.Series, x release.Answer) { add(released, survey, s, x) })
	answers.All(func(s release.Series, x release.Answer) {
		if !x.Foreign {
			add(present, survey, s, x)
		}
	})
	p := Protected{Released: cube.New(), Present: cube.New()}
	if err := errors.Join(p.Released.Apply(released), p.Present.Apply(present)); err != nil {
		return Protected{}, fmt.Errorf("count what is released: %w", err)
	}
	return p, nil
}

// add counts an answer in the middle of its month: nothing finer is ever told.
func add(d *cube.Delta, survey string, s release.Series, x release.Answer) {
	k := cube.Key{
		Kind: s.Kind, Survey: survey, Question: s.Question, Scale: s.Scale, Population: s.Population, Bucket: calendar.BucketOf(x.Cell.Month.Middle()),
	}
	d.Change(k, x.Value, 1)
	if x.Cell.Key != fact.NoKey && x.Cell.Group != "" {
		k.ContextKey, k.ContextValue = x.Cell.Key, x.Cell.Group
		d.Change(k, x.Value, 1)
	}
}
