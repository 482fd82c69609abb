package retention

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	gonum "gonum.org/v1/gonum/stat"

	"github.com/otklik/otklik/libs/stat"
)

// Place is what is known of a location with a score.
type Place struct {
	// Score is the mean of the answers of the period of scores, from 1 to 10.
	Score float64
	// Leavers left within PersonYears of work.
	Leavers     int64
	PersonYears float64
}

// Rate is how many left in a year for each of the staff.
func (p Place) Rate() float64 { return float64(p.Leavers) / p.PersonYears }

// StaffAnswer is how staff's leaving goes together with scores.
type StaffAnswer struct {
	Bands [bandCount]StaffGroup
	All   StaffGroup
	// Correlation is Pearson's, of rates and scores over locations, with Fisher's interval; nil with fewer than four locations, or where all are the same.
	Correlation *Correlation
	// Point is by how much the rate is greater where the score is greater by one; nil when it cannot be estimated.
	Point *Slope
}

// StaffGroup is locations of a band together.
type StaffGroup struct {
	Locations int64
	// MeanScore is the mean of the scores of locations; NaN when there are none.
	MeanScore   float64
	Leavers     int64
	PersonYears float64
	// Rate is leavers for each year of work of one person; NaN when there is no work.
	Rate float64
	// Interval is exact for a number of leavers by Poisson's distribution (Garwood 1936); nil when there is no work.
	Interval *stat.Interval
}

// Correlation is a correlation with its interval.
type Correlation struct {
	N        int64
	Estimate float64
	Interval stat.Interval
	P        float64
}

// TellStaff answers a question about locations.
func TellStaff(q Question, places []Place) (StaffAnswer, error) {
	if err := q.Check(); err != nil {
		return StaffAnswer{}, err
	}
	var out StaffAnswer
	var scores, rates []float64
	for _, p := range places {
		out.Bands[q.Cuts.Of(p.Score)].add(p)
		out.All.add(p)
		scores, rates = append(scores, p.Score), append(rates, p.Rate())
	}
	for b := range out.Bands {
		out.Bands[b].finish(q.Level)
	}
	out.All.finish(q.Level)
	out.Correlation = correlate(scores, rates, q.Level)
	if slope, err := Regress(rates, [][]float64{scores}, q.Level); err == nil {
		out.Point = &slope
	}
	return out, nil
}

// add adds a location. MeanScore is the sum until finish.
func (g *StaffGroup) add(p Place) {
	g.Locations++
	g.MeanScore += p.Score
	g.Leavers += p.Leavers
	g.PersonYears += p.PersonYears
}

func (g *StaffGroup) finish(level float64) {
	g.MeanScore /= float64(g.Locations)
	g.Rate = float64(g.Leavers) / g.PersonYears
	if g.PersonYears > 0 {
		i := poisson(g.Leavers, level).Map(1/g.PersonYears, 0)
		g.Interval = &i
	}
}

// poisson is the exact interval of the mean of a Poisson variable of which one value was seen (Garwood 1936).
func poisson(n int64, level float64) stat.Interval {
	var out stat.Interval
	if n > 0 {
		out.Low = distuv.ChiSquared{K: 2 * float64(n)}.Quantile((1-level)/2) / 2
	}
	out.High = distuv.ChiSquared{K: 2 * float64(n+1)}.Quantile((1+level)/2) / 2
	return out
}

// correlate is Pearson's correlation with the interval by Fisher's z.
func correlate(a, b []float64, level float64) *Correlation {
	const least = 4
	n := len(a)
	if n < least || isSame(a) || isSame(b) {
		return nil
	}
	r := gonum.Correlation(a, b, nil)
	out := &Correlation{N: int64(n), Estimate: r}
	if math.Abs(r) >= 1 {
		out.Interval = stat.Interval{Low: r, High: r}
		return out
	}
	half := stat.CriticalZ(level) / math.Sqrt(float64(n-3))
	out.Interval = stat.Interval{Low: math.Tanh(math.Atanh(r) - half), High: math.Tanh(math.Atanh(r) + half)}
	df := float64(n - 2)
	out.P = stat.PValueT(r*math.Sqrt(df/(1-r*r)), df)
	return out
}
