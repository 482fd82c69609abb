package filter_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/filter"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func schema() filter.Schema {
	return filter.Schema{
		Keys: []string{"attributes.vip", "attributes.shop_type", "language", "touchpoint"},
		Questions: []filter.Question{
			{ID: "nps", Kind: question.NPS, Scales: []question.Scale{question.Scale0To10}},
			{ID: "price", Kind: question.Rating, Scales: []question.Scale{{Min: 100, Max: 1000, Step: 50}}},
			{ID: "reason", Kind: question.Choice, Options: []string{"price", "staff", "other"}},
			{ID: "words", Kind: question.Text},
		},
	}
}

// row is a row of a table as far as predicates look at it.
type row struct {
	keys    map[string][]string
	scores  map[string]question.Centi
	options map[string][]string
}

// holds evaluates a predicate on one row.
func holds(p column.Predicate, r row) bool {
	switch p := p.(type) {
	case nil:
		return true
	case column.And:
		return !slices.ContainsFunc(p, func(q column.Predicate) bool { return !holds(q, r) })
	case column.Or:
		return slices.ContainsFunc(p, func(q column.Predicate) bool { return holds(q, r) })
	case column.Not:
		return !holds(p.Predicate, r)
	case column.In:
		if len(r.keys[p.Key]) == 0 {
			return p.Match("", false)
		}
		return slices.ContainsFunc(r.keys[p.Key], func(v string) bool { return p.Match(v, true) })
	case column.Scored:
		v, ok := r.scores[p.Question]
		return ok && p.Match(v)
	case column.Chosen:
		return slices.ContainsFunc(r.options[p.Question], p.Match)
	}
	panic("another predicate")
}

func sample() []row {
	return []row{
		{
			keys: map[string][]string{
				"location": {"north"}, "language": {"ru"}, "segment": {"vip", "new"}, "theme": {"delivery", "price"}, "attributes.vip": {"yes"}, "revision": {"2"},
			},
			scores: map[string]question.Centi{"nps": 900, "price": 850}, options: map[string][]string{"reason": {"price", "staff"}},
		},
		{
			keys:   map[string][]string{"location": {"north-west"}, "touchpoint": {"24"}, "attributes.shop_type": {`a*"\b`}, "revision": {"10"}},
			scores: map[string]question.Centi{"nps": 300},
		},
		{keys: map[string][]string{"revision": {"1"}}, options: map[string][]string{"reason": {"other"}}},
	}
}

// selected are the numbers of the rows of sample that a filter selects.
func selected(f *filter.Filter) string {
	var s []string
	for i, r := range sample() {
		if holds(f.Predicate(), r) {
			s = append(s, strconv.Itoa(i))
		}
	}
	return strings.Join(s, " ")
}

func TestFiltersSelectRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, canonical, rows string }{
		{``, ``, "0 1 2"},
		{`location = "north"`, `location = "north"`, "0"},
		{`location=north`, `location = "north"`, "0"},
		{`location = north-west`, `location = "north-west"`, "1"},
		{`location = "north*"`, `location = "north*"`, "0 1"},
		{`location = *west`, `location = "*west"`, "1"},
		{`location = "*th-w*"`, `location = "*th-w*"`, "1"},
		{`location != 'north'`, `NOT location = "north"`, "1 2"},
		{`location = ""`, `NOT location:*`, "2"},
		{`location != ""`, `location:*`, "0 1"},
		{`location = "*"`, `location:*`, "0 1"},
		{`theme:delivery`, `theme = "delivery"`, "0"},
		{`segment = "vip"`, `segment = "vip"`, "0"},
		{`segment = "segments/new"`, `segment = "new"`, "0"},
		{`segment != "segments/vip"`, `NOT segment = "vip"`, "1 2"},
		{`theme = "price" theme = "delivery"`, `theme = "delivery" AND theme = "price"`, "0"},
		{`theme != "price"`, `NOT theme = "price"`, "1 2"},
		{`attributes.vip:*`, `attributes.vip:*`, "0"},
		{`NOT attributes.vip:*`, `NOT attributes.vip:*`, "1 2"},
		{`attributes."shop_type" = "a\*\"\\b"`, `attributes.shop_type = "a\*\"\\b"`, "1"},
		{`touchpoint = "24"`, `touchpoint = "24"`, "1"},
		{`revision >= 2`, `revision >= 2`, "0 1"},
		{`revision != 2`, `revision != 2`, "1 2"},
		{`revision:*`, `revision:*`, "0 1 2"},
		{`answers.nps <= 6`, `answers.nps <= 6`, "1"},
		{`answers.nps >= 8.5`, `answers.nps >= 8.5`, "0"},
		{`answers.price = 8.50`, `answers.price = 8.5`, "0"},
		{`answers.nps != 9`, `answers.nps != 9`, "1"},
		{`answers.nps:*`, `answers.nps:*`, "0 1"},
		{`answers.nps = ""`, `NOT answers.nps:*`, "2"},
		{`answers.reason = "price"`, `answers.reason = "price"`, "0"},
		{`answers.reason:staff`, `answers.reason = "staff"`, "0"},
		{`answers.reason != "price"`, `NOT answers.reason = "price" AND answers.reason:*`, "2"},
		{`answers.reason != ""`, `answers.reason:*`, "0 2"},
		{`answers.reason = "o*"`, `answers.reason = "o*"`, "2"},
		// OR binds closer than AND.
		{`location = north OR language = ky AND answers.nps > 5`, `answers.nps > 5 AND (language = "ky" OR location = "north")`, "0"},
		{`(location = north AND answers.nps < 5) OR revision = 1`, `(answers.nps < 5 AND location = "north") OR revision = 1`, "2"},
		{`-location:north`, `NOT location = "north"`, "1 2"},
		{`NOT (location = north OR revision = 1)`, `NOT (location = "north" OR revision = 1)`, "1"},
		{`NOT NOT location = north`, `location = "north"`, "0"},
		{"( ( location = north )\n\tAND (location = north) )", `location = "north"`, "0"},
		{`revision = 1 OR (revision = 2 OR revision = 10)`, `revision = 1 OR revision = 10 OR revision = 2`, "0 1 2"},
	} {
		f, err := filter.Parse(c.text, schema())
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := f.String(); got != c.canonical {
			t.Errorf("%s is %s, want %s", c.text, got, c.canonical)
		}
		if got := selected(f); got != c.rows {
			t.Errorf("%s selects %q, want %q", c.text, got, c.rows)
		}
	}
}

func TestRefusalsTellWhereAndWhat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		reason  filter.Reason
		at      int
		problem string
		nearest string
	}{
		{`locaton = "north"`, filter.Unknown, 1, `no key "locaton"`, "location"},
		{`location = "a" AND attributes.vp:*`, filter.Unknown, 20, `no answer states the attribute "vp"`, "attributes.vip"},
		{`vip = yes`, filter.Unknown, 1, `no key "vip"`, "attributes.vip"},
		{`nps > 5`, filter.Unknown, 1, `no key "nps"`, "answers.nps"},
		{`weather = "wet"`, filter.Unknown, 1, `no key "weather"`, ""},
		{`answers.npss > 5`, filter.Unknown, 1, `never asked a question "npss"`, "answers.nps"},
		{`answers.reason = "prise"`, filter.Unknown, 18, `no option "prise"`, "price"},
		{`answers.words = "x"`, filter.WrongType, 1, "of kind TEXT", ""},
		{`location = 24`, filter.WrongType, 12, `write "24" in quotes`, ""},
		{`location > north`, filter.WrongType, 10, "has no order", ""},
		{`location > 5`, filter.WrongType, 10, "has no order", ""},
		{`answers.reason:elsewhere`, filter.Unknown, 16, `no option "elsewhere"`, ""},
		{`LOCATION = "A"`, filter.Unknown, 1, `no key "LOCATION"`, "location"},
		{`"A"`, filter.Unknown, 1, `no key "A": there are touchpoint, channel`, ""},
		{`answers:*`, filter.Unknown, 1, "answers.QUESTION", ""},
		{`attributes:*`, filter.Unknown, 1, "attributes.NAME", ""},
		{`attributes.цвет = "x"`, filter.Unknown, 1, "no answer states", ""},
		{`location = a not region = b`, filter.Malformed, 14, "NOT stands before a comparison", ""},
		{`not location = a`, filter.Malformed, 1, "NOT stands before a comparison", ""},
		{`location < ""`, filter.WrongType, 10, "whether location is stated", ""},
		{`revision = "2"`, filter.WrongType, 12, "without quotes", ""},
		{`revision = two`, filter.WrongType, 12, "is a number", ""},
		{`revision = 1.5`, filter.WrongType, 12, "whole numbers", ""},
		{`revision = 0`, filter.WrongType, 12, "whole numbers", ""},
		{`answers.nps = 11`, filter.WrongType, 15, `11 is not on the scale of question "nps", 0-10`, ""},
		{`answers.nps = 8.5`, filter.WrongType, 15, "not on the scale", ""},
		{`answers.nps > 1e3`, filter.WrongType, 15, "compare it with a number", ""},
		{`answers.nps > 99999999999999999999`, filter.WrongType, 15, "not on the scale", ""},
		{`answers.nps = 9*`, filter.WrongType, 15, "is a number", ""},
		{`location = "a*b"`, filter.Malformed, 14, "a star stands for anything", ""},
		{`location = "a\n"`, filter.Malformed, 14, "a backslash stands before", ""},
		{`location = "north`, filter.Malformed, 12, "no closing quote", ""},
		{`location = `, filter.Malformed, 12, "expected a value", ""},
		{`location = AND region = x`, filter.Malformed, 12, "expected a value", ""},
		{`location`, filter.Malformed, 9, "expected a comparison after location", ""},
		{`location = (a OR b)`, filter.Malformed, 12, "expected one value", ""},
		{`(location = a`, filter.Malformed, 1, "never closed", ""},
		{`location = a)`, filter.Malformed, 13, "closes none", ""},
		{`location = "a"region = b`, filter.Malformed, 15, "expected AND, OR or the end", ""},
		{`location = a AND`, filter.Malformed, 17, "the filter ends", ""},
		{`location = a and region = b`, filter.Malformed, 14, "AND stands between", ""},
		{`location = a , region = b`, filter.Malformed, 14, "expected a key", ""},
		{`attributes. = "x"`, filter.Malformed, 12, "expected a name after the dot", ""},
		{`exists(location)`, filter.Malformed, 7, "there are no functions", ""},
		{"location = \"\xff\"", filter.Malformed, 1, "UTF-8", ""},
		{`регион = "x"`, filter.Unknown, 1, `no key "регион"`, ""},
		{`location = "ош" AND x = 1`, filter.Unknown, 21, `no key "x"`, ""},
		{strings.Repeat("(", 50) + "location = a", filter.TooComplex, 21, "nested 20 deep", ""},
		{strings.Repeat("NOT ", 50) + "location = a", filter.TooComplex, 85, "nested 20 deep", ""},
		{strings.Repeat("-", 50) + "location = a", filter.TooComplex, 22, "nested 20 deep", ""},
		{strings.Repeat("revision=1 ", 101), filter.TooComplex, 1101, "100 comparisons", ""},
		{`location = "` + strings.Repeat("x", 5000) + `"`, filter.TooComplex, 4097, "5013 characters", ""},
	} {
		_, err := filter.Parse(c.text, schema())
		var e *filter.Error
		if !errors.As(err, &e) {
			t.Errorf("%.60s: %v, want a refusal", c.text, err)
			continue
		}
		if e.Reason != c.reason || e.Position != c.at || !strings.Contains(e.Problem, c.problem) || e.Nearest != c.nearest {
			t.Errorf("%.60s: reason %d: %v (nearest %q), want %d at %d: %s (nearest %q)", c.text, e.Reason, e, e.Nearest, c.reason, c.at, c.problem, c.nearest)
		}
	}
}

func TestExactFiltersNameOneKeyAndValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, key, value string
		ok               bool
	}{
		{`location = "north"`, "location", "north", true},
		{`(location:north) AND location = north`, "location", "north", true},
		{`location = ""`, "location", "", true},
		{`NOT location:*`, "location", "", true},
		{`location != ""`, "", "", false},
		{`location != "north"`, "", "", false},
		{`location = "n*"`, "", "", false},
		{`revision = 2`, "", "", false},
		{`answers.reason = "price"`, "", "", false},
		{`location = "a" OR location = "b"`, "", "", false},
		{``, "", "", false},
	} {
		f, err := filter.Parse(c.text, schema())
		if err != nil {
			t.Fatal(err)
		}
		if key, value, ok := f.Exact(); key != c.key || value != c.value || ok != c.ok {
			t.Errorf("%s is exact: %q = %q, %v", c.text, key, value, ok)
		}
	}
}

func TestNamesAreThoseCompared(t *testing.T) {
	t.Parallel()
	f, err := filter.Parse(`region = a AND NOT (answers.nps > 5 OR employee:*) AND region = b`, schema())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(f.Names(), " "), "answers.nps employee region"; got != want {
		t.Errorf("names are %q, want %q", got, want)
	}
}
