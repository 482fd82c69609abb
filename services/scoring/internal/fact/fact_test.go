package fact_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

func genContext(t *rapid.T) fact.Context {
	return fact.Context{
		Touchpoint: rapid.String().Draw(t, "touchpoint"), Channel: rapid.StringN(0, 5, -1).Draw(t, "channel"),
		Location: rapid.String().Draw(t, "location"), Language: rapid.SampledFrom([]string{"", "ru", "ky", "en"}).Draw(t, "language"),
		Region: rapid.String().Draw(t, "region"), Company: rapid.String().Draw(t, "company"), Employee: rapid.String().Draw(t, "employee"),
		Attributes: fact.AttributesOf(rapid.MapOfN(rapid.StringMatching("[a-z]{1,3}"), rapid.String(), 0, 4).Draw(t, "attributes")),
	}
}

func genTime(name string) func(*rapid.T) time.Time {
	return func(t *rapid.T) time.Time { return time.Unix(0, rapid.Int64().Draw(t, name)).UTC() }
}

func genPopulation(t *rapid.T) fact.Population {
	return rapid.SampledFrom([]fact.Population{fact.Customer, fact.Prospect, fact.Former, fact.Employee}).Draw(t, "population")
}

func genAnswer(t *rapid.T) fact.Answer {
	a := fact.Answer{Question: rapid.StringMatching("[a-z][a-z0-9_]{0,20}").Draw(t, "question")}
	a.Kind = question.Kind(rapid.IntRange(int(question.NPS), int(question.Text)).Draw(t, "kind"))
	a.Direction = question.Direction(rapid.IntRange(0, 1).Draw(t, "direction"))
	if a.Kind.Scored() {
		step := question.Centi(rapid.IntRange(1, 200).Draw(t, "step"))
		steps := rapid.IntRange(1, 300).Draw(t, "steps")
		lowest := question.Centi(rapid.IntRange(-1000, 1000).Draw(t, "min"))
		a.Scale = question.Scale{Min: lowest, Max: lowest + step*question.Centi(steps), Step: step}
		if a.Present = rapid.Bool().Draw(t, "present"); a.Present {
			a.Value = lowest + step*question.Centi(rapid.IntRange(0, steps).Draw(t, "value"))
		}
	}
	if a.Kind == question.Choice {
		options := rapid.SliceOfNDistinct(rapid.StringN(1, 5, -1), 0, 4, rapid.ID[string]).Draw(t, "options")
		slices.Sort(options)
		a.Options = append(a.Options, options...)
	}
	return a
}

func genFact(t *rapid.T) *fact.Fact {
	return &fact.Fact{
		ID: rapid.StringN(1, 40, -1).Draw(t, "id"), Survey: rapid.StringN(1, 20, -1).Draw(t, "survey"),
		Revision: rapid.Int64Range(1, math.MaxInt64).Draw(t, "revision"), Population: genPopulation(t),
		CountTime: genTime("count")(t), ReceiveTime: genTime("receive")(t),
		Invitation: rapid.String().Draw(t, "invitation"), Respondent: rapid.String().Draw(t, "respondent"),
		Weight:     rapid.Float64Range(math.SmallestNonzeroFloat64, math.MaxFloat64).Draw(t, "weight"),
		Late:       rapid.Bool().Draw(t, "late"),
		Context:    genContext(t),
		Answers:    rapid.SliceOfNDistinct(rapid.Custom(genAnswer), 0, 6, func(a fact.Answer) string { return a.Question }).Draw(t, "answers"),
		Enrichment: genEnrichment(t),
	}
}

func genRefusal(t *rapid.T) *fact.Refusal {
	return &fact.Refusal{
		ID: rapid.StringN(1, 40, -1).Draw(t, "id"), Survey: rapid.StringN(1, 20, -1).Draw(t, "survey"), Population: genPopulation(t),
		Kind:      rapid.SampledFrom([]fact.RefusalKind{fact.Refused, fact.Dismissed, fact.TimedOut}).Draw(t, "kind"),
		CountTime: genTime("count")(t), ReceiveTime: genTime("receive")(t),
		Invitation: rapid.String().Draw(t, "invitation"), Context: genContext(t),
	}
}

func TestFactRoundTrips(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := genFact(rt)
		b, err := f.AppendBinary(nil)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := fact.Decode(b)
		if err != nil {
			rt.Fatal(err)
		}
		if len(f.Answers) == 0 {
			f.Answers = nil
		}
		if !reflect.DeepEqual(got, f) {
			rt.Fatalf("got  %+v\nwant %+v", got, f)
		}
		if _, err := fact.Decode(b[:len(b)-1]); err == nil {
			rt.Error("a fact that was cut short decodes")
		}
	})
}

func TestRefusalRoundTrips(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := genRefusal(rt)
		b, err := r.AppendBinary(nil)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := fact.DecodeRefusal(b)
		if err != nil || !reflect.DeepEqual(got, r) {
			rt.Fatalf("got %+v, %v\nwant %+v", got, err, r)
		}
	})
}

// valid is a fact that passes Check.
func valid() *fact.Fact {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.FixedZone("", 6*3600))
	return &fact.Fact{
		ID: "r1", Survey: "s", Revision: 1, Population: fact.Customer, CountTime: at, ReceiveTime: at.Add(time.Minute), Weight: 1,
		Answers: []fact.Answer{
			{Question: "nps", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900},
			{Question: "why", Kind: question.Text},
		},
	}
}

func TestEncodingIsCompact(t *testing.T) {
	b, err := valid().AppendBinary(nil)
	if err != nil || len(b) > 64 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestCheckRefusesBrokenFacts(t *testing.T) {
	if err := valid().Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*fact.Fact){
		"id":             func(f *fact.Fact) { f.ID = "" },
		"survey":         func(f *fact.Fact) { f.Survey = "" },
		"revision":       func(f *fact.Fact) { f.Revision = 0 },
		"population":     func(f *fact.Fact) { f.Population = 9 },
		"no time":        func(f *fact.Fact) { f.CountTime = time.Time{} },
		"far time":       func(f *fact.Fact) { f.ReceiveTime = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"weight":         func(f *fact.Fact) { f.Weight = 0 },
		"weight nan":     func(f *fact.Fact) { f.Weight = math.NaN() },
		"question":       func(f *fact.Fact) { f.Answers[0].Question = "" },
		"question twice": func(f *fact.Fact) { f.Answers[1].Question = "nps" },
		"kind":           func(f *fact.Fact) { f.Answers[0].Kind = 77 },
		"scale":          func(f *fact.Fact) { f.Answers[0].Scale = question.Scale{} },
		"score of text":  func(f *fact.Fact) { f.Answers[1].Present = true },
		"absent value":   func(f *fact.Fact) { f.Answers[0].Present = false },
		"out of scale":   func(f *fact.Fact) { f.Answers[0].Value = 1100 },
		"between steps":  func(f *fact.Fact) { f.Answers[0].Value = 850 },
	} {
		f := valid()
		spoil(f)
		if err := f.Check(); !errors.Is(err, fact.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
		if _, err := f.AppendBinary(nil); !errors.Is(err, fact.ErrInvalid) {
			t.Errorf("%s: encoding: got %v, want ErrInvalid", name, err)
		}
	}
	f := valid()
	f.Answers[0].Value = 1100
	var out *question.OutOfScaleError
	if err := f.Check(); !errors.As(err, &out) || out.Question != "nps" || out.Value != 1100 {
		t.Errorf("got %v, want an error that names question and value", err)
	}
}

func TestCheckRefusesBrokenRefusals(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	good := fact.Refusal{ID: "x", Survey: "s", Population: fact.Customer, Kind: fact.Refused, CountTime: at, ReceiveTime: at}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*fact.Refusal){
		"id": func(r *fact.Refusal) { r.ID = "" }, "population": func(r *fact.Refusal) { r.Population = 0 },
		"kind": func(r *fact.Refusal) { r.Kind = 4 }, "time": func(r *fact.Refusal) { r.CountTime = time.Time{} },
	} {
		r := good
		spoil(&r)
		if _, err := r.AppendBinary(nil); !errors.Is(err, fact.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

// current is the first byte of what is encoded now.
const current = 3

// FuzzDecode: whatever decodes is canonical, so it encodes to the same bytes.
func FuzzDecode(f *testing.F) {
	b, err := valid().AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, old := range []string{fact1, fact2} {
		f.Add([]byte(old))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := fact.Decode(b)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) && !errors.Is(err, fact.ErrInvalid) {
				t.Errorf("unexpected error %v", err)
			}
			return
		}
		again, err := x.AppendBinary(nil)
		if b[0] < current && err == nil {
			// What an earlier version wrote is the same in the form of this one.
			same, err := fact.Decode(again)
			if err != nil || !reflect.DeepEqual(same, x) {
				t.Errorf("%+v becomes %+v, %v", x, same, err)
			}
			return
		}
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x encodes to %x, %v", b, again, err)
		}
	})
}

// FuzzDecodeRefusal: as FuzzDecode.
func FuzzDecodeRefusal(f *testing.F) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	b, err := (&fact.Refusal{ID: "x", Survey: "s", Population: fact.Customer, Kind: fact.TimedOut, CountTime: at, ReceiveTime: at}).AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, old := range []string{refusal1, refusal2} {
		f.Add([]byte(old))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := fact.DecodeRefusal(b)
		if err != nil {
			return
		}
		again, err := x.AppendBinary(nil)
		if b[0] < current && err == nil {
			same, err := fact.DecodeRefusal(again)
			if err != nil || !reflect.DeepEqual(same, x) {
				t.Errorf("%+v becomes %+v, %v", x, same, err)
			}
			return
		}
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x encodes to %x, %v", b, again, err)
		}
	})
}
