package query_test

import (
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

var start = time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC)

func history() questionnaire.History {
	return questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: "shop", Number: 1, Population: fact.Customer, Questions: []metric.Question{
		{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}, {ID: "staff", Kind: question.CSAT, Scale: question.Scale1To5},
		{ID: "effort", Kind: question.CES, Scale: question.Scale1To7, Direction: question.Effort}, {ID: "reason", Kind: question.Choice},
	}}}}
}

func genFact(t *rapid.T) *fact.Fact {
	f := &fact.Fact{
		ID: "x", Survey: "shop", Revision: 1, Weight: rapid.SampledFrom([]float64{1, 1, 0.5, 2.25}).Draw(t, "weight"),
		Population:  rapid.SampledFrom([]fact.Population{fact.Customer, fact.Customer, fact.Prospect}).Draw(t, "population"),
		CountTime:   start.Add(time.Duration(rapid.IntRange(0, 5*24*4).Draw(t, "quarter")) * 15 * time.Minute),
		ReceiveTime: start.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "received")) * 24 * time.Hour),
		Respondent:  rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "respondent"),
		Context: fact.Context{
			Location: rapid.SampledFrom([]string{"", "north", "south"}).Draw(t, "location"),
			Channel:  rapid.SampledFrom([]string{"app", "sms"}).Draw(t, "channel"),
		},
	}
	if vip := rapid.SampledFrom([]string{"", "yes", "no"}).Draw(t, "vip"); vip != "" {
		f.Context.Attributes = []fact.Attribute{{Name: "vip", Value: vip}}
	}
	for _, q := range history().Revisions[0].Questions {
		if !rapid.Bool().Draw(t, q.ID) {
			continue
		}
		if q.Kind == question.Choice {
			f.Answers = append(f.Answers, fact.Answer{
				Question: q.ID, Kind: q.Kind, Options: rapid.SampledFrom([][]string{{"price"}, {"other", "price"}, {"other"}}).Draw(t, "options"),
			})
			continue
		}
		v := q.Scale.Min + question.Unit*question.Centi(rapid.IntRange(0, int(q.Scale.Width()/question.Unit)).Draw(t, "value"))
		f.Answers = append(f.Answers, fact.Answer{Question: q.ID, Kind: q.Kind, Scale: q.Scale, Direction: q.Direction, Present: true, Value: v})
	}
	return f
}

func genRefusal(t *rapid.T) *fact.Refusal {
	f := genFact(t)
	return &fact.Refusal{
		ID: "y", Survey: f.Survey, Population: f.Population, CountTime: f.CountTime, ReceiveTime: f.ReceiveTime, Context: fact.Context{Location: f.Context.Location},
		Kind: rapid.SampledFrom([]fact.RefusalKind{fact.Refused, fact.Dismissed, fact.TimedOut}).Draw(t, "kind"),
	}
}

// value is the value of a key of a fact.
func value(f *fact.Fact, key string) string {
	if name, ok := strings.CutPrefix(key, "attributes."); ok {
		for _, a := range f.Context.Attributes {
			if a.Name == name {
				return a.Value
			}
		}
		return ""
	}
	if key == "revision" {
		return strconv.FormatInt(f.Revision, 10)
	}
	for _, k := range fact.ContextKeys() {
		if strings.ToLower(k.String()) == key {
			return f.Context.Value(k)
		}
	}
	return ""
}

// rowOf is the row of the i-th fact.
func rowOf(f *fact.Fact, i int) column.Row {
	r := column.Row{
		ID: uint64(i) + 1, Population: f.Population, Bucket: calendar.BucketOf(f.CountTime), Received: f.ReceiveTime.Unix(), Weight: f.Weight,
		Respondent: column.RespondentID(f.Respondent),
	}
	for _, k := range []string{"location", "channel", "revision"} {
		r.Keys = append(r.Keys, column.Key{Name: k, Values: []string{value(f, k)}})
	}
	for _, a := range f.Context.Attributes {
		r.Keys = append(r.Keys, column.Key{Name: "attributes." + a.Name, Values: []string{a.Value}})
	}
	for _, a := range f.Answers {
		r.Answers = append(r.Answers, column.Answer{
			Question: a.Question, Scale: a.Scale.ID(), Kind: a.Kind, Direction: a.Direction, Value: a.Value, Options: a.Options,
		})
	}
	r.Normalise()
	return r
}

// counted is what facts make, and data what a query is answered from.
func data(t interface{ Fatal(...any) }, fs []*fact.Fact, refusals ...*fact.Refusal) query.Data {
	c, d, table := cube.New(), &cube.Delta{}, column.NewTable()
	changes := make([]column.Change, len(fs), len(fs)+len(refusals))
	for i, f := range fs {
		d.AddFact(f)
		changes[i] = column.Change{Row: rowOf(f, i), Count: 1}
	}
	for i, r := range refusals {
		d.AddRefusal(r)
		row := column.Row{
			ID: uint64(len(fs)+i) + 1, Outcome: column.Outcome(r.Kind), Population: r.Population, Bucket: calendar.BucketOf(r.CountTime), Weight: 1,
			Keys: []column.Key{{Name: "location", Values: []string{r.Context.Location}}},
		}
		row.Normalise()
		changes = append(changes, column.Change{Row: row, Count: 1})
	}
	if err := c.Apply(d); err != nil {
		t.Fatal(err)
	}
	if err := table.Apply(changes); err != nil {
		t.Fatal(err)
	}
	return query.Data{History: history(), Cube: c, Table: table}
}
