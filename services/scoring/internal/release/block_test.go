package release_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/release"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// FuzzDecode reads blocks of any bytes: what is read is written again as it was.
func FuzzDecode(f *testing.F) {
	b := release.Block{
		Series: release.Series{Kind: cube.Answers, Question: "q", Scale: "0-10", Population: fact.Employee, Refusals: true, ByEmployee: true},
		Cell:   release.Cell{Key: fact.Location, Group: "Ош", Month: 24317}, Positions: []int64{3, 4, 900},
	}
	decoded, err := release.Decode(b.Encode())
	if err != nil || !reflect.DeepEqual(decoded, b) {
		f.Fatalf("block %+v, %v, want %+v", decoded, err, b)
	}
	f.Add(b.Encode())
	f.Add([]byte{})
	f.Add([]byte{1, 1, 4, 0, 0, 0, 0, 0, 0, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := release.Decode(data)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if again := b.Encode(); !bytes.Equal(again, data) {
			t.Fatalf("%x is written again as %x", data, again)
		}
	})
}

// TestMonths counts a moment in the month that clocks show in a place.
func TestMonths(t *testing.T) {
	t.Parallel()
	bishkek := time.FixedZone("Bishkek", 6*3600)
	last := time.Date(2026, 1, 31, 20, 0, 0, 0, time.UTC)
	if a, b := release.MonthOf(last, time.UTC), release.MonthOf(last, bishkek); b != a+1 {
		t.Errorf("months %d and %d", a, b)
	}
	for _, loc := range []*time.Location{time.UTC, bishkek} {
		for at := last; at.Year() < 2030; at = at.Add(100 * time.Hour) {
			m := release.MonthOf(at, loc)
			if middle := m.Middle().In(loc); middle.Month() != at.In(loc).Month() || middle.Year() != at.In(loc).Year() {
				t.Fatalf("the middle of the month of %v is %v", at, middle)
			}
		}
	}
}
