package attribute_test

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
)

func define(t attribute.Type, options ...string) attribute.Definition {
	return attribute.Definition{Number: 1, Kind: attribute.Contact, Key: "k", Type: t, Options: options}
}

func TestValuesOfAnotherTypeAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		give   func() (attribute.Value, error)
		reason attribute.Reason
	}{
		"a text for a number":       {func() (attribute.Value, error) { return define(attribute.Number).Text("5") }, attribute.WrongType},
		"a number for a text":       {func() (attribute.Value, error) { return define(attribute.String).OfNumber(5) }, attribute.WrongType},
		"a bool for a date":         {func() (attribute.Value, error) { return define(attribute.Date).OfBool(true) }, attribute.WrongType},
		"no day of the calendar":    {func() (attribute.Value, error) { return define(attribute.Date).Text("2026-02-30") }, attribute.WrongType},
		"a day in other words":      {func() (attribute.Value, error) { return define(attribute.Date).Text("31.03.2026") }, attribute.WrongType},
		"no number at all":          {func() (attribute.Value, error) { return define(attribute.Number).OfNumber(math.NaN()) }, attribute.WrongType},
		"an unknown option":         {func() (attribute.Value, error) { return define(attribute.Enum, "a", "b").Text("c") }, attribute.UnknownOption},
		"a text that is too long":   {func() (attribute.Value, error) { return define(attribute.String).Text(strings.Repeat("ү", 1001)) }, attribute.WrongType},
		"a text with a NUL":         {func() (attribute.Value, error) { return define(attribute.String).Text("a\x00") }, attribute.WrongType},
		"a cell without a number":   {func() (attribute.Value, error) { return define(attribute.Number).Parse("0x10") }, attribute.WrongType},
		"a cell of two commas":      {func() (attribute.Value, error) { return define(attribute.Number).Parse("1,000,000") }, attribute.WrongType},
		"a cell of neither":         {func() (attribute.Value, error) { return define(attribute.Bool).Parse("maybe") }, attribute.WrongType},
		"a cell without a date":     {func() (attribute.Value, error) { return define(attribute.Date).Parse("31/03/2026") }, attribute.WrongType},
		"a cell beyond all numbers": {func() (attribute.Value, error) { return define(attribute.Number).Parse("1e999") }, attribute.WrongType},
	} {
		var refusal *attribute.Refusal
		if v, err := c.give(); !errors.As(err, &refusal) || refusal.Reason != c.reason {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

func TestCellsAreRead(t *testing.T) {
	t.Parallel()
	march := attribute.Days(time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC))
	for name, c := range map[string]struct {
		d    attribute.Definition
		cell string
		want attribute.Value
	}{
		"decimal comma":     {define(attribute.Number), "1 250,5", attribute.Value{Type: attribute.Number, Number: 1250.5}},
		"decimal point":     {define(attribute.Number), "-1250.5", attribute.Value{Type: attribute.Number, Number: -1250.5}},
		"Russian truth":     {define(attribute.Bool), "Да", attribute.Value{Type: attribute.Bool, Number: 1}},
		"Kyrgyz falsehood":  {define(attribute.Bool), "жок", attribute.Value{Type: attribute.Bool}},
		"date":              {define(attribute.Date), "2026-03-31", attribute.Value{Type: attribute.Date, Number: march}},
		"date with points":  {define(attribute.Date), "31.03.2026", attribute.Value{Type: attribute.Date, Number: march}},
		"date before 1970":  {define(attribute.Date), "1969-12-31", attribute.Value{Type: attribute.Date, Number: -1}},
		"option":            {define(attribute.Enum, "gold", "tin"), "tin", attribute.Value{Type: attribute.Enum, Text: "tin"}},
		"text of a formula": {define(attribute.String), "=1+1", attribute.Value{Type: attribute.String, Text: "=1+1"}},
	} {
		if got, err := c.d.Parse(c.cell); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func drawValue(t *rapid.T) attribute.Value {
	v := attribute.Value{Type: attribute.Type(rapid.IntRange(1, 5).Draw(t, "type"))}
	switch v.Type {
	case attribute.Number:
		v.Number = rapid.Float64().Draw(t, "number")
	case attribute.Bool:
		v.Number = float64(rapid.IntRange(0, 1).Draw(t, "bool"))
	case attribute.Date:
		v.Number = float64(rapid.IntRange(-700_000, 2_900_000).Draw(t, "days"))
	default:
		v.Text = rapid.String().Draw(t, "text")
	}
	return v
}

func drawValues(t *rapid.T) attribute.Values {
	return attribute.Values(rapid.MapOf(rapid.Uint32(), rapid.Custom(drawValue)).Draw(t, "values"))
}

// What is packed is the same when it is unpacked, in order, and each value is found by its number.
func TestPackingProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t)
		packed := values.Pack()
		if err := packed.Check(); err != nil {
			t.Fatal(err)
		}
		if got := packed.Unpack(); !maps.Equal(got, values) {
			t.Fatalf("got %v, want %v", got, values)
		}
		var order []uint32
		for n, v := range packed.All() {
			order = append(order, n)
			if got, ok := packed.Get(n); !ok || got != v {
				t.Fatalf("%d: %v, %v", n, got, ok)
			}
		}
		if !slices.IsSorted(order) {
			t.Fatalf("not in order: %v", order)
		}
	})
}

// What a value spells is what a cell of a table says for it.
func TestSpellingProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		if v.Type == attribute.String || v.Type == attribute.Enum {
			v.Text = rapid.StringMatching(`[a-zа-я0-9 =+-]{0,20}`).Draw(t, "plain")
		}
		if got, err := define(v.Type, v.Text).Parse(v.String()); err != nil || got != v {
			t.Fatalf("%q: %v, %v, want %v", v, got, err, v)
		}
	})
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(attribute.Values{1: {Type: attribute.Number, Number: 1.5}, 7: {Type: attribute.Enum, Text: "gold"}}.Pack()))
	f.Add([]byte(attribute.Values{2: {Type: attribute.Bool, Number: 1}, 3: {Type: attribute.Date, Number: -5}}.Pack()))
	f.Add([]byte{0x0c, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := attribute.Packed(data)
		values := p.Unpack()
		if p.Check() == nil && values.Pack().Check() != nil {
			t.Fatal("what was sound is not any more")
		}
	})
}

func BenchmarkAll(b *testing.B) {
	p := attribute.Values{
		1: {Type: attribute.Number, Number: 12.5}, 2: {Type: attribute.Enum, Text: "gold"}, 3: {Type: attribute.Date, Number: 20000}, 4: {Type: attribute.Bool, Number: 1},
	}.Pack()
	var sum float64
	for b.Loop() {
		for _, v := range p.All() {
			sum += v.Number
		}
	}
}
