package sheet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/libs/sheet"
)

var known = []sheet.Column{
	{Field: "location", Required: true}, {Field: "start_time", Alias: "time", Required: true}, {Field: "visitors"}, {Field: "attributes.size", Alias: "size", Exact: true},
}

func TestFieldsOfTables(t *testing.T) {
	for _, c := range []struct {
		header  []string
		mapping map[string]string
		ignore  bool
		want    map[string]int
		ignored []string
	}{
		{header: []string{"time", "location"}, want: map[string]int{"start_time": 0, "location": 1}},
		{header: []string{"Location", "startTime", "size"}, want: map[string]int{"location": 0, "start_time": 1, "attributes.size": 2}},
		{header: []string{"Магазин", "time"}, mapping: map[string]string{"Магазин": "location"}, want: map[string]int{"location": 0, "start_time": 1}},
		{header: []string{"location", "time", "weather", ""}, ignore: true, want: map[string]int{"location": 0, "start_time": 1}, ignored: []string{"weather", "the 4. column, which has no name"}},
	} {
		got, err := sheet.Fields(c.header, known, c.mapping, c.ignore)
		if err != nil || cmp.Diff(c.want, got.At) != "" || cmp.Diff(c.ignored, got.Ignored) != "" {
			t.Errorf("%v: %+v, %v", c.header, got, err)
		}
	}
}

func TestHeadersThatMeanNothing(t *testing.T) {
	for _, c := range []struct {
		header  []string
		mapping map[string]string
		want    string
	}{
		{header: []string{"location"}, want: "no column holds the field start_time"},
		{header: []string{"location", "time", "visitor"}, want: "visitor (did you mean visitors?)"},
		{header: []string{"location", "time", "Size"}, want: "columns hold no field: Size"},
		{header: []string{"location", "time", "start_time"}, want: "two columns hold the field start_time"},
		{header: []string{"location", "time"}, mapping: map[string]string{"shop": "location"}, want: "lacks a column that the mapping names: shop"},
		{header: []string{"location", "time"}, mapping: map[string]string{"time": "time2"}, want: "a field that there is not: time2 (did you mean time?)"},
	} {
		if _, err := sheet.Fields(c.header, known, c.mapping, false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.header, err)
		}
	}
}

func TestTimesOfTables(t *testing.T) {
	osh := time.FixedZone("Osh", 6*60*60)
	want := time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)
	for text, local := range map[string]bool{"2026-03-02T14:30:00+06:00": false, "2026-03-02 08:30:00Z": false, "2026-03-02 14:30": true, "02.03.2026 14:30": true, "2026-03-02T14:30": true, "2026-03-02T14:30+06:00": false} {
		if got, ok := sheet.ParseTime(text, osh); !ok || !got.Equal(want) {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
		if _, ok := sheet.ParseTime(text, nil); ok == local {
			t.Errorf("%s without a zone: %v", text, ok)
		}
	}
	if got, ok := sheet.ParseTime("20260302", osh); !ok || got.In(osh).Hour() != 0 {
		t.Errorf("a day: %v, %v", got, ok)
	}
	if _, ok := sheet.ParseTime("30.02.2026", osh); ok {
		t.Error("the 30th of February is a day")
	}
}
