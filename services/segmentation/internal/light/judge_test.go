package light_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/segmentation/internal/light"
)

func TestReadingsEqualThoseOfTheAnswersThemselves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, rows := drawPolicy(rt), drawRows(rt, 40)
		e := p.EdgesAt(noon)
		for u, sums := range count(p, rows).Units {
			got, err := p.Judge(u.Kind, sums)
			if err != nil {
				rt.Fatal(err)
			}
			m, answers, responses := naive(t, p, u, rows, func(at time.Time) bool { return !at.Before(e.Window) })
			switch {
			case answers == 0:
				if got.Colour != light.NoColour {
					rt.Fatalf("%v has no answers and a colour: %+v", u, got)
				}
				continue
			case u.Kind == light.Staff && responses < light.Least:
				if got != (light.Reading{Suppressed: true}) {
					rt.Fatalf("%v has %d responses and is shown: %+v", u, responses, got)
				}
				continue
			}
			if got.Answers != answers || got.Responses != responses || !near(got.Mean, m.Estimate) {
				rt.Fatalf("%v: %+v, want %v of %d answers in %d responses", u, got, m, answers, responses)
			}
			want, err := m.Interval(p.Level)
			// Equal answers have no variance: floating point may have it that they have a little.
			if errors.Is(err, stat.ErrUndefined) || m.StandardError < 1e-9 {
				if got.Interval != nil && got.Interval.Width() > 1e-6 || got.Interval == nil && !got.Uncertain {
					rt.Fatalf("%v: %+v, want no interval", u, got)
				}
				continue
			}
			want = want.Clip(1, 10)
			if got.Interval == nil || !near(got.Interval.Low, want.Low) || !near(got.Interval.High, want.High) {
				rt.Fatalf("%v: %+v, want %v", u, got.Interval, want)
			}
			if straddles := p.ColourOf(got.Interval.Low) != p.ColourOf(got.Interval.High); straddles != got.Uncertain {
				rt.Fatalf("%v: %+v", u, got)
			}
		}
	})
}

// row is a response of a contact about a company.
func row(response, contact string, days int, values ...light.Value) light.Row {
	r := light.Row{Survey: "s", Response: response, Contact: contact, Company: "acme", Employee: "ann", Time: noon.AddDate(0, 0, -days)}
	for _, v := range values {
		r.Answers = append(r.Answers, light.Answer{Question: "q", Value: v})
	}
	return r
}

// of is the value of a score on 1..10.
func of(score float64) light.Value {
	return light.Value(math.Round((score - 1) / 9 * light.Resolution))
}

func TestColoursAndCuts(t *testing.T) {
	p := light.Default()
	for score, want := range map[float64]light.Colour{1: light.Red, 4.999: light.Red, 5: light.Amber, 7.999: light.Amber, 8: light.Green, 10: light.Green} {
		if got := p.ColourOf(score); got != want {
			t.Errorf("%v is %d, want %d", score, got, want)
		}
	}
	judge := func(kind light.Kind, id string, rows ...light.Row) light.Reading {
		t.Helper()
		r, err := p.Judge(kind, count(p, rows).Units[light.Unit{Kind: kind, ID: id}])
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := judge(light.Company, "acme", row("1", "p", 1, of(2))); r.Colour != light.Red || !r.Uncertain || r.Interval != nil {
		t.Errorf("one answer: %+v, want red and uncertain without an interval", r)
	}
	if r := judge(light.Company, "acme", row("1", "p", 1, of(2)), row("2", "q", 1, of(2))); !r.Uncertain || r.Interval != nil {
		t.Errorf("equal answers: %+v, want uncertain without an interval", r)
	}
	if r := judge(light.Company, "acme", row("1", "p", 1, of(2)), row("2", "q", 1, of(2.1)), row("3", "r", 1, of(2))); r.Uncertain {
		t.Errorf("answers close together: %+v, want certain", r)
	}
	if r := judge(light.Company, "acme", row("1", "p", 1, of(1)), row("2", "q", 1, of(10))); !r.Uncertain || r.Interval == nil || *r.Interval != (stat.Interval{Low: 1, High: 10}) {
		t.Errorf("answers far apart: %+v, want uncertain over the whole scale", r)
	}
	four := []light.Row{row("1", "p", 1, of(2)), row("2", "q", 1, of(2)), row("3", "r", 1, of(3)), row("4", "s", 1, of(2), of(4))}
	if r := judge(light.Staff, "ann", four...); r != (light.Reading{Suppressed: true}) {
		t.Errorf("four responses about an employee: %+v, want nothing", r)
	}
	if r := judge(light.Staff, "ann", append(four, row("5", "t", 1, of(2)))...); r.Colour != light.Red || r.Responses != 5 {
		t.Errorf("five responses about an employee: %+v", r)
	}
}

func TestTrendIsTested(t *testing.T) {
	p := light.Default()
	var rows []light.Row
	for i := range 20 {
		rows = append(rows, row("old"+string(rune('a'+i)), "p"+string(rune('a'+i)), 120, of(8+float64(i%3)/2)), row("new"+string(rune('a'+i)), "p"+string(rune('a'+i)), 10, of(4+float64(i%3)/2)))
	}
	r, err := p.Judge(light.Company, count(p, rows).Units[light.Unit{Kind: light.Company, ID: "acme"}])
	if err != nil || r.Trend != light.Down || r.Change == nil || !near(*r.Change, -4) {
		t.Errorf("a fall of 4: %+v, %v", r, err)
	}
	r, err = p.Judge(light.Company, count(p, rows[:2]).Units[light.Unit{Kind: light.Company, ID: "acme"}])
	if err != nil || r.Trend != light.NoTrend || r.Change == nil {
		t.Errorf("one answer then and now: %+v, %v; want a change and no trend", r, err)
	}
}

func TestPoliciesAreChecked(t *testing.T) {
	if err := light.Default().Check(); err != nil {
		t.Errorf("the default is refused: %v", err)
	}
	for field, change := range map[string]func(*light.Policy){
		"amber_below":      func(p *light.Policy) { p.Red, p.Amber = 8, 5 },
		"red_below":        func(p *light.Policy) { p.Red = math.NaN() },
		"mode":             func(p *light.Policy) { p.Mode = 0 },
		"survey":           func(p *light.Policy) { p.Mode = light.SingleQuestion },
		"question":         func(p *light.Policy) { p.Question = "q" },
		"company_score":    func(p *light.Policy) { p.CompanyScore = 3 },
		"window_days":      func(p *light.Policy) { p.WindowDays = -1 },
		"trend_days":       func(p *light.Policy) { p.TrendDays = 0 },
		"confidence_level": func(p *light.Policy) { p.Level = 1 },
		"value_attribute":  func(p *light.Policy) { p.ValueAttribute = "" },
	} {
		p := light.Default()
		change(&p)
		var wrong *light.FieldError
		if err := p.Check(); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	equal := light.Default()
	equal.Red, equal.Amber = 6, 6
	if equal.Check() == nil {
		t.Error("equal cuts are taken: amber would be nothing")
	}
}
