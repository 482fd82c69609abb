package light_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/segmentation/internal/light"
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// drawRow draws a response of few units and contacts, in the last two hundred days.
func drawRow(t *rapid.T, no int) light.Row {
	some := func(label, prefix string, n int) string {
		if i := rapid.IntRange(0, n).Draw(t, label); i > 0 {
			return fmt.Sprint(prefix, i)
		}
		return ""
	}
	r := light.Row{
		Survey: "s" + fmt.Sprint(rapid.IntRange(1, 2).Draw(t, "survey")), Response: fmt.Sprint("r", no), Contact: some("contact", "p", 4),
		Company: some("company", "c", 2), Location: some("location", "l", 2), Employee: some("employee", "e", 2),
		Time: noon.Add(-time.Duration(rapid.IntRange(0, 200*24).Draw(t, "hours")) * time.Hour),
	}
	for q := range rapid.IntRange(0, 4).Draw(t, "answers") {
		r.Answers = append(r.Answers, light.Answer{Question: fmt.Sprint("q", q), Value: light.Value(rapid.IntRange(0, light.Resolution).Draw(t, "value"))})
	}
	return r
}

func drawRows(t *rapid.T, most int) []light.Row {
	rows := make([]light.Row, rapid.IntRange(0, most).Draw(t, "rows"))
	for i := range rows {
		rows[i] = drawRow(t, i)
	}
	return rows
}

func drawPolicy(t *rapid.T) light.Policy {
	p := light.Default()
	if rapid.Bool().Draw(t, "single") {
		p.Mode, p.Survey, p.Question = light.SingleQuestion, "s1", "q1"
	}
	if rapid.Bool().Draw(t, "of contacts") {
		p.CompanyScore = light.OfContacts
	}
	p.WindowDays = rapid.SampledFrom([]int{0, 30, 100}).Draw(t, "window")
	p.TrendDays = rapid.SampledFrom([]int{10, 60}).Draw(t, "trend")
	return p
}

// naive is the mean and standard error of answers on 1..10 by libs/stat, from the answers themselves.
func naive(t *testing.T, p light.Policy, u light.Unit, rows []light.Row, in func(time.Time) bool) (stat.Mean, int64, int64) {
	t.Helper()
	groups, order := map[string]*stat.Cluster{}, []string{}
	var answers, responses int64
	for _, r := range rows {
		if !slices.Contains(r.Units(), u) || !in(r.Time) || p.Mode == light.SingleQuestion && r.Survey != p.Survey {
			continue
		}
		key := r.Contact
		if byResponse := u.Kind == light.Contact || p.Mode == light.SingleQuestion && p.CompanyScore == light.OfAnswers; byResponse || key == "" {
			key = "\x00" + r.Survey + r.Response
		}
		counted := false
		for _, a := range r.Answers {
			if p.Mode == light.SingleQuestion && a.Question != p.Question {
				continue
			}
			if groups[key] == nil {
				groups[key] = &stat.Cluster{Times: 1}
				order = append(order, key)
			}
			groups[key].Sum += a.Value.Score()
			groups[key].Size++
			answers++
			counted = true
		}
		if counted {
			responses++
		}
	}
	var clusters []stat.Cluster
	for _, k := range order {
		c := *groups[k]
		if u.Kind != light.Contact && p.CompanyScore == light.OfContacts {
			c = stat.Cluster{Sum: c.Sum / c.Size, Size: 1, Times: 1}
		}
		clusters = append(clusters, c)
	}
	m, _ := stat.ClusteredMean(clusters)
	return m, answers, responses
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-7*(1+math.Abs(b)) }

// count counts rows as they come.
func count(p light.Policy, rows []light.Row) *light.Tally {
	t, e := light.NewTally(p), p.EdgesAt(noon)
	for i := range rows {
		t.Move(&rows[i], light.Member{}, e.Of(rows[i].Time))
	}
	return t
}

// counted are the sums of a tally that are not empty.
func counted(t *light.Tally) map[light.Unit]light.Periods {
	out := map[light.Unit]light.Periods{}
	for u, s := range t.Units {
		if !s.Empty() {
			out[u] = *s
		}
	}
	return out
}
