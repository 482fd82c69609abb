package metric

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Question is what a metric must know of the question it is computed from.
type Question struct {
	// ID is the question's identifier, for errors.
	ID string
	// Kind, Scale and Direction describe its answers.
	Kind      question.Kind
	Scale     question.Scale
	Direction question.Direction
	// Cuts are the cut points stated by the questionnaire.
	Cuts Cuts
	// Options are the identifiers of the options of a choice, in the order in which they are shown; none when they are not known.
	Options []string
}

// Cuts are the cut points of a scale, for values after flipping. A nil one means the default of the scale, where there is one:
// 1-5, 1-7 and 1-10.
type Cuts struct {
	// SatisfiedFrom is the least value that counts as satisfied (CSATShare).
	SatisfiedFrom *question.Centi `json:"satisfied_from,omitempty"`
	// EasyFrom is the least value that counts as easy (CESTopBox).
	EasyFrom *question.Centi `json:"easy_from,omitempty"`
	// NetEasyFrom and NetDifficultTo are the least value that counts as easy and the greatest that counts as difficult
	// (CESNetEasy).
	NetEasyFrom    *question.Centi `json:"net_easy_from,omitempty"`
	NetDifficultTo *question.Centi `json:"net_difficult_to,omitempty"`
}

// Data is what was counted in the slice for which a metric is computed.
type Data struct {
	// Answers counts the answers to the question, in hundredths.
	Answers histogram.Histogram
	// Outcomes counts responses and refusals.
	Outcomes fact.Outcomes
	// Pooled counts respondents by their pooled answers (pool.Answers.Code); for MeanAllAnswers only.
	Pooled histogram.Histogram
	// Choice counts the answers to a question of kind Choice; nil for other kinds.
	Choice *Choice
	// Stated are the counts that the caller states; variants that Require none ignore them.
	Stated Stated
	// Weighted is the same with weights: scores are weighted then. Nil when they are not.
	Weighted *Weighted
}

// Choice counts answers that hold options.
type Choice struct {
	// Answered is the number of answers with any option.
	Answered int64
	// Options are the numbers of answers that hold each; an answer may hold several.
	Options map[string]int64
}

// Stated are counts that scoring holds no facts of; nil where the caller states none.
type Stated struct {
	Invitations, Consultations, Visitors *int64
}

// Get is the count of the name; nil when it is not stated.
func (s Stated) Get(c Count) *int64 {
	switch c {
	case Invitations:
		return s.Invitations
	case Consultations:
		return s.Consultations
	case Visitors:
		return s.Visitors
	}
	return nil
}

// Settings are what a caller may choose. The zero value means the defaults.
type Settings struct {
	// Level is the confidence level, between 0 and 1; 0 means 0.95.
	Level float64
	// Method is how the interval is made; empty means the variant's default.
	Method Method
	// Thresholds judge estimates; nil means DefaultThresholds.
	Thresholds *Thresholds
	// Cuts replace the cut points of questions, where they are not nil.
	Cuts Cuts
	// Option is the option whose share is asked for (ShareOption): that of a choice, or a value of a scale in decimal form.
	Option string
	// Positive and Negative are the options of a choice that are a like and a dislike (LikeIndex), a smile and none (SmileIndex). Empty means
	// `like` and `dislike`, `smile` and `no_smile`.
	Positive, Negative string
}

// Thresholds are the cut points by which estimates are judged.
type Thresholds struct {
	// StrongAbove is the NPS above which it is STRONG; default 50.
	StrongAbove float64 `json:"strong_above"`
	// SystemicTo is the mean on 1..10 up to which the processes are at fault, CaseLevelFrom that from which single persons
	// and cases are; defaults 3 and 8. 1 ≤ SystemicTo < CaseLevelFrom ≤ 10.
	SystemicTo    float64 `json:"systemic_to"`
	CaseLevelFrom float64 `json:"case_level_from"`
}

// DefaultThresholds are those of the definitions.
func DefaultThresholds() Thresholds {
	return Thresholds{StrongAbove: 50, SystemicTo: 3, CaseLevelFrom: 8}
}

// DefaultLevel is the confidence level unless stated.
const DefaultLevel = 0.95

// resolve fills in defaults and refuses what is out of range.
func (s Settings) resolve() (Settings, error) {
	if s.Level == 0 {
		s.Level = DefaultLevel
	}
	if !(s.Level > 0 && s.Level < 1) {
		return s, fmt.Errorf("confidence level %v: %w", s.Level, ErrSettings)
	}
	t := DefaultThresholds()
	if s.Thresholds != nil {
		t = *s.Thresholds
	}
	if err := t.Check(); err != nil {
		return s, err
	}
	s.Thresholds = &t
	return s, nil
}

// Check returns an error that wraps ErrSettings when the cut points are out of order or range.
func (t Thresholds) Check() error {
	if math.IsNaN(t.StrongAbove) || !(1 <= t.SystemicTo && t.SystemicTo < t.CaseLevelFrom && t.CaseLevelFrom <= 10) {
		return fmt.Errorf("thresholds strong above %v, systemic to %v, case level from %v are out of range or order: %w",
			t.StrongAbove, t.SystemicTo, t.CaseLevelFrom, ErrSettings)
	}
	return nil
}

// replace is c with the cut points of other where it states them.
func (c Cuts) replace(other Cuts) Cuts {
	for _, p := range []struct{ at, by **question.Centi }{
		{&c.SatisfiedFrom, &other.SatisfiedFrom}, {&c.EasyFrom, &other.EasyFrom},
		{&c.NetEasyFrom, &other.NetEasyFrom}, {&c.NetDifficultTo, &other.NetDifficultTo},
	} {
		if *p.by != nil {
			*p.at = *p.by
		}
	}
	return c
}

// check refuses answers that are not on the question's scale, with a *question.OutOfScaleError.
func (q Question) check(h histogram.Histogram) error {
	if err := q.Scale.Check(); err != nil {
		return fmt.Errorf("question %q: %w: %w", q.ID, err, ErrMismatch)
	}
	for b := range h.Bins() {
		if b.Value < math.MinInt32 || b.Value > math.MaxInt32 {
			return fmt.Errorf("question %q: value %d hundredths is not on the scale %s: %w", q.ID, b.Value, q.Scale.ID(), ErrMismatch)
		}
		if err := q.Scale.CheckValue(q.ID, question.Centi(b.Value)); err != nil {
			return err
		}
	}
	return nil
}
