package alert

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// Judge says which units of a family are off their baselines in the period that ended at a moment.
func Judge(p Params, scale Scale, family []Series, end time.Time) ([]Verdict, error) {
	return NewPanel(p, scale, family).Judge(end)
}

// Panel judges a family in one period after the other, going on from where it was.
type Panel struct {
	params Params
	scale  Scale
	units  []*member
	// bounds and null are those of cumulative sums; null reaches so many periods.
	bounds  bounds
	null    *sums
	reaches int
}

// member is one unit of a family.
type member struct {
	series Series
	// read is how many periods of the series are gathered; open are those that do not hold enough answers yet.
	read int
	open Period
	// baseline is complete when ready; first counts its periods, periods are those that are compared with it.
	baseline histogram.Histogram
	ready    bool
	first    int
	periods  []Period
	chart    *cusum
}

// NewPanel begins before the first period of any series.
func NewPanel(p Params, scale Scale, family []Series) *Panel {
	l := &Panel{params: p, scale: scale, bounds: boundsOf(p, len(family))}
	for _, s := range family {
		m := &member{series: s}
		switch b := p.Baseline; {
		case b.Value != nil:
			m.ready = true
		case b.Fixed():
			m.baseline, m.ready = s.Baseline, s.Baseline.N() >= p.Least
			for m.read < len(s.Periods) && s.Periods[m.read].Start.Before(b.End) {
				m.read++
			}
		}
		l.units = append(l.units, m)
	}
	return l
}

// Judge says which units are off their baselines in the period that ended at a moment, which must be later than that of the call before. Units of which no period
// ends then, for want of answers or of a baseline, are not judged and left out. A single unit is judged by its limit, several by their false discovery rate.
func (l *Panel) Judge(end time.Time) ([]Verdict, error) {
	var judged []*member
	longest := 0
	for _, m := range l.units {
		m.gather(l, end)
		if n := len(m.periods); m.ready && n > 0 && m.periods[n-1].End.Equal(end) {
			judged = append(judged, m)
			longest = max(longest, n)
		}
	}
	l.reach(longest)
	verdicts, ps := make([]Verdict, len(judged)), make([]float64, len(judged))
	for i, m := range judged {
		verdicts[i] = Verdict{Unit: m.series.Unit, Finding: m.judge(l), Family: len(judged)}
		ps[i] = verdicts[i].P
	}
	qs, err := stat.BenjaminiHochberg(ps)
	if err != nil {
		return nil, fmt.Errorf("judge %d units: %w", len(ps), err)
	}
	for i := range verdicts {
		v := &verdicts[i]
		v.Q = qs[i]
		v.Outside = v.Q <= l.params.Q
		if len(verdicts) == 1 {
			v.Outside = l.params.beyond(v.Finding)
		}
		// Without a change there is no direction to tell.
		v.Outside = v.Outside && v.Change != 0
	}
	return verdicts, nil
}

// reach makes the distributions of sums known for so many periods.
func (l *Panel) reach(periods int) {
	if l.params.Method == CUSUM && periods > l.reaches {
		l.reaches = 1 << bits.Len(uint(periods-1))
		l.null = newSums(l.params.Reference, l.bounds.most, l.reaches)
	}
}

// gather puts the periods together that ended by a moment, each with those that follow until there are enough answers.
func (m *member) gather(l *Panel, end time.Time) {
	for ; m.read < len(m.series.Periods) && !m.series.Periods[m.read].End.After(end); m.read++ {
		p := m.series.Periods[m.read]
		if p.Answers.IsEmpty() {
			continue
		}
		if m.open.Answers.IsEmpty() {
			m.open = p
		} else {
			// The histogram may be that of a period that somebody else holds.
			m.open.Answers = m.open.Answers.Clone()
			m.open.Answers.Merge(p.Answers)
			m.open.End = p.End
		}
		if m.open.Answers.N() >= l.params.Least {
			m.add(l, m.open)
			m.open = Period{}
		}
	}
}

// add adds a period that holds enough answers: to the baseline, or to what is compared with it.
func (m *member) add(l *Panel, p Period) {
	if !m.ready {
		if !l.params.Baseline.Fixed() {
			m.baseline.Merge(p.Answers)
			m.first++
			m.ready = m.first == l.params.Baseline.First
		}
		return
	}
	m.periods = append(m.periods, p)
	if l.params.Method == CUSUM {
		if m.chart == nil {
			m.chart = newCUSUM(l.params, l.scale, m.baseline, l.bounds)
		}
		m.chart.observe(p)
	}
}

// judge is what the chart says of the newest period.
func (m *member) judge(l *Panel) Finding {
	if m.chart != nil {
		return m.chart.judge(l.null)
	}
	return newEWMA(l.params, l.scale, m.baseline, m.periods).judge()
}
