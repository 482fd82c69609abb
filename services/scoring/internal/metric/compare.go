package metric

import (
	"errors"
	"fmt"
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/pool"
)

// Tests of a difference.
const (
	TestAdjustedTrinomialZ = "ADJUSTED_TRINOMIAL_Z"
	TestPooledZ            = "POOLED_Z"
	TestWelchT             = "WELCH_T"
)

// Methods of the interval of a difference, beside AdjustedWald.
const (
	Newcombe Method = "NEWCOMBE"
	WelchT   Method = "WELCH_T"
)

// Side is one of two slices that are compared.
type Side struct {
	Question Question
	Data     Data
	// Settings are those of this side where it has some of its own, such as the option whose share it is; nil for those of the comparison.
	Settings *Settings
}

// settings are those of the side in a comparison.
func (s *Side) settings(common Settings) Settings {
	if s.Settings != nil {
		return *s.Settings
	}
	return common
}

// Comparison is the difference of one variant between two slices.
type Comparison struct {
	// Score and Baseline are the two scores.
	Score, Baseline Score
	// Difference is Score less Baseline, of the unadjusted estimates.
	Difference float64
	// AdjustedDifference is the difference of the adjusted estimates, on which test and interval of a variant in points
	// rest; nil for other variants.
	AdjustedDifference *float64
	// StandardError is that of the difference, for a variant in points that of the adjusted one; nil when it cannot be
	// computed.
	StandardError *float64
	// Interval is the confidence interval of the difference by Method; nil when there is none.
	Interval *stat.Interval
	Level    float64
	Method   Method
	// Test names the test, Statistic is its statistic, DF the degrees of freedom of a t, P its two-sided p-value. The numbers are
	// nil when the data determine none, for example when neither side has variance.
	Test             string
	Statistic, DF, P *float64
}

// Compare computes one variant of two independent slices and tests the difference. The interval of the difference has one
// method for each kind of variant; settings.Method applies to the two scores.
//
// Errors are those of Evaluate, and ErrNotComparable when a side has no answers or the scales or directions differ.
func Compare(v Variant, a, b Side, settings Settings) (Comparison, error) {
	c, err := compare(v, a, b, settings)
	if err != nil {
		return Comparison{}, fmt.Errorf("compare %s: %w", v, err)
	}
	return c, nil
}

func compare(v Variant, a, b Side, settings Settings) (Comparison, error) {
	ea, err := prepare(v, a.Question, a.Data, a.settings(settings))
	if err != nil {
		return Comparison{}, err
	}
	eb, err := prepare(v, b.Question, b.Data, b.settings(settings))
	if err != nil {
		return Comparison{}, err
	}
	if !ea.question.Scale.SameEnds(eb.question.Scale) {
		return Comparison{}, fmt.Errorf("scales %s and %s: %w", ea.question.Scale.ID(), eb.question.Scale.ID(), ErrNotComparable)
	}
	if v == MeanSingleQuestion && ea.question.Direction != eb.question.Direction {
		return Comparison{}, fmt.Errorf("directions %s and %s: %w", ea.question.Direction, eb.question.Direction, ErrNotComparable)
	}
	c := Comparison{Level: ea.settings.Level}
	if c.Score, err = ea.evaluate(a.Data); err != nil {
		return Comparison{}, err
	}
	if c.Baseline, err = eb.evaluate(b.Data); err != nil {
		return Comparison{}, err
	}
	if c.Score.Estimate == nil || c.Baseline.Estimate == nil {
		return Comparison{}, fmt.Errorf("n is %d and %d: %w", c.Score.N, c.Baseline.N, ErrNotComparable)
	}
	c.Difference = *c.Score.Estimate - *c.Baseline.Estimate
	switch ea.variant.form {
	case difference:
		err = c.compareDifferences(ea, eb, a.Data, b.Data)
	case proportion:
		err = c.compareProportions(ea, eb, a.Data, b.Data)
	case mean:
		err = c.compareMeans(ea, eb, a.Data, b.Data)
	case pooled:
		err = c.comparePools(a.Data, b.Data)
	}
	return c, err
}

func (c *Comparison) compareMeans(ea, eb evaluation, a, b Data) error {
	c.Test, c.Method = TestWelchT, WelchT
	width := ea.question.Scale.Width().Float()
	if a.Weighted == nil && b.Weighted == nil {
		return setMeans(c, 1, width, stat.Welch, ea.moments(a.Answers), eb.moments(b.Answers))
	}
	return setMeans(c, 1, width, compareWeighted, ea.precise(a), eb.precise(b))
}

// precise is the mean of the answers with its standard error.
func (e evaluation) precise(data Data) stat.Mean {
	if data.Weighted != nil {
		m, _ := e.weightedMean(data)
		return m
	}
	m := e.moments(data.Answers)
	se, err := m.StandardError()
	if err != nil {
		return stat.Mean{Estimate: m.Mean}
	}
	return stat.Mean{Estimate: m.Mean, StandardError: se, DF: m.N - 1}
}

// compareWeighted is stat.CompareMeans, undefined where a side has no degrees of freedom.
func compareWeighted(a, b stat.Mean, level float64) (stat.MeanDifference, error) {
	if !(a.DF > 0) || !(b.DF > 0) {
		return stat.MeanDifference{}, stat.ErrUndefined
	}
	return stat.CompareMeans(a, b, level)
}

func (c *Comparison) compareDifferences(ea, eb evaluation, a, b Data) error {
	ta, err := ea.difference(a, &Score{})
	if err != nil {
		return err
	}
	tb, err := eb.difference(b, &Score{})
	if err != nil {
		return err
	}
	r, err := stat.CompareShareDifferences(ta.difference(), tb.difference(), c.Level)
	if err != nil {
		return err
	}
	c.Test, c.Method = TestAdjustedTrinomialZ, AdjustedWald
	c.AdjustedDifference = ptr(100 * r.Difference)
	c.StandardError = ptr(100 * r.StandardError)
	c.Interval = ptr(r.Interval.Map(100, 0))
	c.setTest(r.Test)
	return nil
}

func (c *Comparison) compareProportions(ea, eb evaluation, a, b Data) error {
	ta, err := ea.proportion(a, &Score{})
	if err != nil {
		return err
	}
	tb, err := eb.proportion(b, &Score{})
	if err != nil {
		return err
	}
	pa, pb := ta.proportion(), tb.proportion()
	c.Test, c.Method = TestPooledZ, Newcombe
	c.StandardError = ptr(math.Hypot(*c.Score.StandardError, *c.Baseline.StandardError))
	if c.Interval, err = scaled(100)(stat.Newcombe(pa, pb, c.Level)); err != nil {
		return err
	}
	switch t, err := stat.PooledZ(pa, pb); {
	case errors.Is(err, stat.ErrUndefined):
	case err != nil:
		return err
	default:
		c.setTest(t)
	}
	return nil
}

func (c *Comparison) comparePools(a, b Data) error {
	c.Test, c.Method = TestWelchT, WelchT
	ma, errA := pooledMean(a)
	mb, errB := pooledMean(b)
	if err := errors.Join(errA, errB); errors.Is(err, stat.ErrUndefined) {
		return nil
	} else if err != nil {
		return err
	}
	return setMeans(c, 9, 9, compareWeighted, ma, mb)
}

// pooledMean is the mean of all answers on 0..1.
func pooledMean(data Data) (stat.Mean, error) {
	if data.Weighted != nil {
		return data.Weighted.Pooled.mean(), nil
	}
	m, _, err := pool.Mean(data.Pooled)
	return m, err
}

func (c *Comparison) setTest(t stat.Test) {
	c.Statistic, c.P = ptr(t.Statistic), ptr(t.P)
	if t.DF > 0 {
		c.DF = ptr(t.DF)
	}
}

// setMeans compares two means of which one unit is `factor` units of the estimate, on a scale of the given width in units of
// the estimate; nothing is set when the data determine no test.
func setMeans[M any](c *Comparison, factor, width float64, test func(a, b M, level float64) (stat.MeanDifference, error), a, b M) error {
	d, err := test(a, b, c.Level)
	if errors.Is(err, stat.ErrUndefined) {
		return nil
	}
	if err != nil {
		return err
	}
	c.StandardError = ptr(factor * d.StandardError)
	c.Interval = ptr(d.Interval.Map(factor, 0).Clip(-width, width))
	c.setTest(d.Test)
	return nil
}
