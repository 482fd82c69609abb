// Package benchmark says what numbers of others are, to compare own scores with: of competitors, of an industry, or of own units as others measured them. It
// tells which are sound, how precise they are, and by how much an own score differs.
package benchmark

import (
	"crypto/sha256"
	"encoding/base32"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// Metric is what a benchmark measures; the numbers are those of the API.
type Metric uint8

// The metrics.
const (
	NPS Metric = iota + 1
	CSAT
	CES
	Mean
)

// metricNames are what tables and the command line call the metrics, in order of their numbers.
var metricNames = [...]string{"nps", "csat", "ces", "mean"} //nolint:gochecknoglobals // a table

// String is the metric's name.
func (m Metric) String() string {
	if m >= 1 && int(m) <= len(metricNames) {
		return metricNames[m-1]
	}
	return ""
}

// scaled tells whether the metric is a mean on a scale, which has to be stated.
func (m Metric) scaled() bool { return m == CES || m == Mean }

// Value is one number of a series.
type Value struct {
	ID string `json:"-"`
	// Series is what the series is called, Subject who was measured.
	Series, Subject string
	Metric          Metric
	// First and Last are the days of the period; both belong to it.
	First, Last operation.Day
	Value       float64
	// N counts who answered, SE is the standard error; nil where they are not known.
	N  *int64   `json:",omitempty"`
	SE *float64 `json:",omitempty"`
	// ScaleMin and ScaleMax are the ends of the scale of a mean.
	ScaleMin, ScaleMax *float64 `json:",omitempty"`
	// Source is who published the number, and where.
	Source string
	// Time is when it was stored.
	Time time.Time `json:"-"`
}

const (
	madePrefix = "~"
	madeBytes  = 16
)

// Prepared is the value with an identifier: the one that was given, or one made of series, subject, metric and days.
func (v Value) Prepared() Value {
	if v.ID == "" {
		parts := []string{v.Series, v.Subject, v.Metric.String(), strconv.Itoa(int(v.First)), strconv.Itoa(int(v.Last))}
		sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
		v.ID = madePrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:madeBytes]))
	}
	return v
}

// hundred is what shares are told in.
const hundred = 100

// added are the pseudo-observations of adjusted intervals, of NPS and of a share.
const (
	addedNPS   = 3
	addedShare = 4
)

// StandardError is how precise the value is, and the convention by which that is known; false where it is not. Of NPS it is the greatest that the value allows with
// n answers, √((1 - v²)/(n + 3)), where everybody is promoter or detractor; of CSAT that of the adjusted share, √(p(1 - p)/(n + 4)) (Agresti and Coull 1998). A
// mean says nothing of how answers vary.
func (v Value) StandardError() (se float64, convention string, ok bool) {
	switch {
	case v.SE != nil:
		return *v.SE, "STATED_STANDARD_ERROR", true
	case v.N == nil:
		return 0, "", false
	}
	n := float64(*v.N)
	switch v.Metric {
	case NPS:
		share := v.Value / hundred * n / (n + addedNPS)
		return hundred * math.Sqrt((1-share*share)/(n+addedNPS)), "GREATEST_VARIANCE_OF_NPS", true
	case CSAT:
		share := (v.Value/hundred*n + addedShare/2) / (n + addedShare)
		return hundred * math.Sqrt(share*(1-share)/(n+addedShare)), "ADJUSTED_SHARE", true
	}
	return 0, "", false
}

// Normal is the method of a difference's interval: both errors are independent of each other.
const Normal = "NORMAL"

// Difference is own less a benchmark, with the p-value of its being 0 by the normal distribution.
func Difference(own, ownSE, value, se, level float64) (estimate.Estimate, *float64) {
	e := estimate.Estimate{Value: own - value, Method: Normal}
	both := math.Hypot(ownSE, se)
	if !(both > 0) {
		return e, nil
	}
	half, p := stat.CriticalZ(level)*both, stat.PValueZ(e.Value/both)
	e.SE, e.Interval = &both, &stat.Interval{Low: e.Value - half, High: e.Value + half}
	return e, &p
}
