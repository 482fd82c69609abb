package segment

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	noon  = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	since = time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)
)

func testSchema(t testing.TB) *Schema {
	t.Helper()
	s, err := NewSchema([]Attribute{
		{Name: "contact.age", Type: Number}, {Name: "contact.city", Type: Text}, {Name: "contact.vip", Type: Flag}, {Name: "contact.since", Type: Time},
		{Name: "company.sector", Type: Text}, {Name: "company.size", Type: Number},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// values are what is known of a contact, by name.
type values struct {
	schema *Schema
	of     map[string]any
}

func (v values) Value(at int) (any, bool) {
	x, ok := v.of[v.schema.Attributes()[at].Name]
	return x, ok
}

func TestRulesAreEvaluated(t *testing.T) {
	s := testSchema(t)
	someone := values{s, map[string]any{
		"contact.age": 30.0, "contact.city": "Osh", "contact.vip": true, "contact.since": since,
		"light.contact": "RED", "rfm.recency": 5.0,
	}}
	for rule, want := range map[string]Outcome{
		`contact.age == 30`:                                        True,
		`contact.age > 29 && contact.age < 31`:                     True,
		`contact.age + 1 == 31 ? contact.vip : false`:              True,
		`contact.age in [10, 30]`:                                  True,
		`contact.age in [10, 31]`:                                  False,
		`contact.city.startsWith("O")`:                             True,
		`["Os", "Bi"].exists(x, contact.city.startsWith(x))`:       True,
		`size(contact.city) == 3`:                                  True,
		`contact.since < today - duration("24h")`:                  True,
		`contact.since > timestamp("2025-01-01T00:00:00Z")`:        False,
		`light.contact == "RED" && rfm.recency >= 4`:               True,
		`company.size > 10`:                                        Unknown,
		`!(company.size > 10)`:                                     Unknown,
		`has(company.size) && company.size > 10`:                   False,
		`company.size > 10 || contact.vip`:                         True,
		`company.size > 10 && !contact.vip`:                        False,
		`company.sector == "retail" ? contact.vip : !contact.vip`:  Unknown,
		`today == timestamp("2026-03-04T00:00:00Z")`:               True,
		`contact.age / 0 > 1`:                                      True,
		`(contact.age - 30) / 0 > 1`:                               False,
		`(contact.vip ? contact.age : contact.age + 1) == 30 * 1 `: True,
	} {
		r, err := Compile(s, rule)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		e := NewEvaluator(s, noon)
		if got := e.Matches(r, someone); got != want {
			t.Errorf("%s is %d, want %d", rule, got, want)
		}
		whole, err := r.Program(r.checked.Expr())
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Outcome(whole, someone); got != want {
			t.Errorf("%s as a whole is %d, want %d", rule, got, want)
		}
	}
}

func TestFaultsSayWhereAndWhatWasMeant(t *testing.T) {
	s := testSchema(t)
	for rule, want := range map[string]Fault{
		`contact.age > 3 && contact.citty == "Osh"`:    {Line: 1, Column: 20, Reason: "there is no attribute contact.citty", Nearest: "contact.city"},
		"contact.age > 3 &&\n  light.contakt == 'RED'": {Line: 2, Column: 3, Reason: "there is no attribute light.contakt", Nearest: "light.contact"},
		`sector == "retail"`:                           {Line: 1, Column: 1, Reason: `"sector" is not known`, Nearest: "company.sector"},
		`contact.city > 3`:                             {Line: 1, Column: 14, Reason: "> does not take (string, int)"},
		`contact.age`:                                  {Line: 1, Column: 1, Reason: "the rule is a double"},
		`contact == contact`:                           {Line: 1, Column: 1, Reason: "contact is no value by itself"},
		`contact.age > `:                               {Line: 1, Column: 15, Reason: "mismatched input"},
		``:                                             {Reason: "the rule is empty"},
		`contact.city.matches("(")`:                    {Line: 1, Column: 22, Reason: "invalid matches argument"},
		`segment.loyal`:                                {Line: 1, Column: 1, Reason: `"segment" is not known`},
		`["x"].all(contact, contact == "x")`:           {Line: 1, Column: 10, Reason: "contact has a meaning of its own"},
	} {
		_, err := Compile(s, rule)
		var got *Fault
		if !errors.As(err, &got) {
			t.Errorf("%q: %v, want a fault", rule, err)
			continue
		}
		if got.Line != want.Line || got.Column != want.Column || !strings.HasPrefix(got.Reason, want.Reason) || got.Nearest != want.Nearest {
			t.Errorf("%q: %+v, want %+v", rule, *got, want)
		}
	}
}

func TestDearRulesAreRefused(t *testing.T) {
	s := testSchema(t)
	list := "[" + strings.TrimSuffix(strings.Repeat("1, ", 30), ", ") + "]"
	_, err := Compile(s, list+`.exists(a, `+list+`.exists(b, `+list+`.exists(c, `+list+`.exists(d, a + b == c + d))))`)
	var fault *Fault
	if !errors.As(err, &fault) || !fault.TooDear {
		t.Errorf("a rule that repeats 30⁴ times: %v, want that it is too dear", err)
	}
	if r, err := Compile(s, list+`.exists(a, a == size(contact.city))`); err != nil || r.Cost() == 0 || r.Cost() > MostCost {
		t.Errorf("a rule that repeats 30 times: %v, want that it is not too dear", err)
	}
	if _, err := Compile(s, strings.Repeat("(contact.vip ? true : ", 100)+"false"+strings.Repeat(")", 100)); err == nil {
		t.Error("choices a hundred deep are taken")
	}
	if _, err := Compile(s, strings.Repeat("contact.vip || ", 300)+"contact.vip"); err == nil {
		t.Error("a rule of more than 4,000 characters is taken")
	}
}

// Estimates hold for texts as long as they may be; the limit at run time holds for longer ones.
func TestWhatCostsTooMuchIsUnknown(t *testing.T) {
	s := testSchema(t)
	r, err := Compile(s, `contact.city.contains("x")`)
	if err != nil {
		t.Fatal(err)
	}
	e := NewEvaluator(s, noon)
	for length, want := range map[int]Outcome{mostTextCharacters: False, 1_000_000: Unknown} {
		if got := e.Matches(r, values{s, map[string]any{"contact.city": strings.Repeat("y", length)}}); got != want {
			t.Errorf("a text of %d characters: %d, want %d", length, got, want)
		}
	}
}

func TestExplain(t *testing.T) {
	s := testSchema(t)
	r, err := Compile(s, `contact.age > 40 && (contact.city == "Osh" || contact.vip) && company.size < 5`)
	if err != nil {
		t.Fatal(err)
	}
	got := NewEvaluator(s, noon).Explain(r, values{s, map[string]any{"contact.age": 30.0, "contact.city": "Osh", "contact.vip": true, "company.size": 3.0}})
	if got.Outcome != False || len(got.Reasons) != 4 {
		t.Fatalf("%+v, want four reasons for not being in", got)
	}
	first := got.Reasons[0]
	if first.Text != "contact.age > 40.0" || first.Outcome != False || !first.Decides || !reflect.DeepEqual(first.Values[0], Value{Attribute{Name: "contact.age", Type: Number}, 30.0}) {
		t.Errorf("%+v, want that the age decides", first)
	}
	for _, reason := range got.Reasons[1:] {
		if reason.Outcome != True || reason.Decides {
			t.Errorf("%+v, want that it holds and decides nothing", reason)
		}
	}
}

func TestSchemasAreChecked(t *testing.T) {
	for name, declared := range map[string][]Attribute{
		"no group": {{Name: "age", Type: Number}}, "no name": {{Name: "contact.", Type: Number}}, "two dots": {{Name: "contact.a.b", Type: Number}}, "no type": {{Name: "contact.a"}},
		"twice": {{Name: "contact.a", Type: Number}, {Name: "contact.a", Type: Text}}, "built in": {{Name: "score.mean", Type: Number}},
	} {
		if _, err := NewSchema(declared); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestTimeless(t *testing.T) {
	s := testSchema(t)
	for rule, want := range map[string]bool{`contact.vip`: true, `contact.since < today`: false, `purchases.recency_days < 30`: false} {
		if r, err := Compile(s, rule); err != nil || r.IsTimeless() != want {
			t.Errorf("%s: %v, want %v", rule, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, rule := range []string{`contact.age > 3`, `has(contact.city)`, `["x"].exists(t, t == contact.city)`, `!contact.vip ? today < contact.since : 1 in [1]`, `"`, `contact..x`} {
		f.Add(rule)
	}
	s := testSchema(f)
	f.Fuzz(func(t *testing.T, rule string) {
		r, err := Compile(s, rule)
		var fault *Fault
		switch {
		case err == nil:
			NewEvaluator(s, noon).Explain(r, noRow{})
		case !errors.As(err, &fault):
			t.Errorf("%q: %v is no fault", rule, err)
		}
	})
}
