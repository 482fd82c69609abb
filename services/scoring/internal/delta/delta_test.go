package delta_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

func sample() *fact.Fact {
	return &fact.Fact{
		ID: "r", Survey: "shop", Revision: 12, Population: fact.Prospect, CountTime: noon, ReceiveTime: noon.Add(90 * time.Second), Respondent: "p", Weight: 2.5,
		Context: fact.Context{
			Touchpoint: "till", Channel: "app", Location: "north", Language: "ky", Region: "chuy", Company: "acme", Employee: "aida",
			Attributes: []fact.Attribute{{Name: "age", Value: "30-39"}, {Name: "tier", Value: "gold"}},
		},
		Answers: []fact.Answer{
			{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900},
			{Question: "effort", Kind: question.CES, Scale: question.Scale1To7, Direction: question.Effort, Present: true, Value: 200},
			{Question: "liked", Kind: question.Choice, Options: []string{"price", "staff"}},
			{Question: "why", Kind: question.Text},
		},
		Enrichment: fact.Enrichment{
			Sentiment: fact.Positive, Themes: []fact.Theme{{ID: "price", Polarity: fact.Negative}, {ID: "staff", Polarity: fact.Positive}},
			Segments: []string{"new", "vip"}, Case: fact.UnresolvedCase,
		},
	}
}

// TestRows: a row has all that a record can be cut by, in the order that tables want.
func TestRows(t *testing.T) {
	t.Parallel()
	one := func(name, value string) column.Key { return column.Key{Name: name, Values: []string{value}} }
	want := column.Row{
		ID: column.RowID("response", "shop", "r"), Population: fact.Prospect, Bucket: calendar.BucketOf(noon), Received: noon.Unix() + 90, Weight: 2.5,
		Respondent: column.RespondentID("p"),
		Keys: []column.Key{
			one("attributes.age", "30-39"), one("attributes.tier", "gold"), one("case", "unresolved"), one("channel", "app"), one("company", "acme"),
			one("employee", "aida"), one("language", "ky"), one("location", "north"), one("region", "chuy"), one("revision", "12"),
			{Name: "segment", Values: []string{"new", "vip"}},
			one("sentiment", "positive"), {Name: "theme", Values: []string{"price", "staff"}}, one("theme_negative", "price"),
			one("theme_positive", "staff"), one("touchpoint", "till"),
		},
		Answers: []column.Answer{
			{Question: "effort", Kind: question.CES, Scale: "1-7", Direction: question.Effort, Value: 200},
			{Question: "liked", Kind: question.Choice, Options: []string{"price", "staff"}},
			{Question: "recommend", Kind: question.NPS, Scale: "0-10", Value: 900},
		},
	}
	row := delta.RowOf(sample())
	if !reflect.DeepEqual(row, want) || row.Check() != nil {
		t.Errorf("row %+v, %v, want %+v", row, row.Check(), want)
	}
	no := &fact.Refusal{
		ID: "no", Survey: "shop", Population: fact.Customer, Kind: fact.TimedOut, CountTime: noon, ReceiveTime: noon, Invitation: "i",
		Context: fact.Context{Channel: "sms", Attributes: []fact.Attribute{{Name: "tier", Value: "none"}}},
	}
	want = column.Row{
		ID: column.RowID("refusal", "shop", "no"), Outcome: column.TimedOut, Population: fact.Customer, Bucket: calendar.BucketOf(noon), Received: noon.Unix(),
		Weight: 1, Keys: []column.Key{one("attributes.tier", "none"), one("channel", "sms")},
	}
	if row := delta.RowOfRefusal(no); !reflect.DeepEqual(row, want) || row.Check() != nil {
		t.Errorf("row %+v, %v, want %+v", row, row.Check(), want)
	}
}

// TestDeltasCommute adds and takes away records in any order, and leaves nothing of what comes and goes.
func TestDeltasCommute(t *testing.T) {
	t.Parallel()
	type change struct {
		id, survey, channel string
		refusal, remove     bool
	}
	apply := func(changes []change) *delta.Delta {
		d := &delta.Delta{}
		for _, c := range changes {
			f, r := sample(), &fact.Refusal{ID: c.id, Survey: c.survey, Population: fact.Customer, Kind: fact.Refused, CountTime: noon, ReceiveTime: noon}
			f.ID, f.Survey, f.Context.Channel, r.Context.Channel = c.id, c.survey, c.channel, c.channel
			switch {
			case c.refusal && c.remove:
				d.Replace(r, nil)
			case c.refusal:
				d.Replace(nil, r)
			case c.remove:
				d.RemoveFact(f)
			default:
				d.AddFact(f)
			}
		}
		return d
	}
	rapid.Check(t, func(t *rapid.T) {
		changes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) change {
			return change{
				id: fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "id")), survey: rapid.SampledFrom([]string{"bank", "shop"}).Draw(t, "survey"),
				channel: rapid.SampledFrom([]string{"", "app"}).Draw(t, "channel"), refusal: rapid.Bool().Draw(t, "refusal"), remove: rapid.Bool().Draw(t, "remove"),
			}
		}), 0, 20).Draw(t, "changes")
		a, b := apply(changes), apply(rapid.Permutation(changes).Draw(t, "order"))
		if !reflect.DeepEqual(a.Surveys(), b.Surveys()) || a.IsEmpty() != b.IsEmpty() {
			t.Fatalf("surveys %q and %q", a.Surveys(), b.Surveys())
		}
		for _, survey := range []string{"bank", "shop"} {
			if !bytes.Equal(column.Pack(a.Rows(survey)), column.Pack(b.Rows(survey))) {
				t.Fatalf("rows %+v and %+v", a.Rows(survey), b.Rows(survey))
			}
		}
		for i := range changes {
			changes[i].remove = !changes[i].remove
		}
		a.Merge(apply(changes))
		if !a.IsEmpty() || len(a.Surveys()) > 0 || len(a.Rows("shop")) > 0 {
			t.Fatalf("what is taken back leaves %+v", a.Rows("shop"))
		}
	})
}
