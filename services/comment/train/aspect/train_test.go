package aspect

import (
	"reflect"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

func TestNewRow(t *testing.T) {
	r, err := newRow("a", "price:positive|wait:negative|price:negative|staff:neutral", "mix", own, dataset.Train)
	if err != nil {
		t.Fatal(err)
	}
	var want [aspect.Fixed]said
	want[aspect.Price], want[aspect.Wait], want[aspect.Staff] = both, negative, neutral
	if r.aspects != want || r.label != language.Ky || r.kind() != aspect.ToldKyrgyz {
		t.Errorf("row %+v", r)
	}
	if !r.says(aspect.Price, sentiment.Positive) || !r.says(aspect.Price, sentiment.Negative) || r.says(aspect.Wait, sentiment.Positive) {
		t.Error("what a row says of an aspect is not what it was given")
	}
	for _, labels := range []string{"prise:positive", "price:good", "price"} {
		if _, err := newRow("a", labels, "ru", own, dataset.Train); err == nil {
			t.Errorf("labels %q are taken", labels)
		}
	}
}

func TestParts(t *testing.T) {
	for _, c := range []struct {
		source        source
		part          dataset.Part
		last          dataset.Part
		trains, tunes bool
	}{
		{reviews, dataset.Train, dataset.Train, true, false},
		{reviews, dataset.Dev, dataset.Train, false, false},
		{reviews, dataset.Dev, dataset.Dev, true, false},
		{reviews, dataset.Held, dataset.Dev + 1, false, false},
		{judged, dataset.Dev, dataset.Dev, false, true},
		{judged, dataset.Dev, dataset.Dev + 1, true, true},
	} {
		r := row{source: c.source, part: c.part}
		if got := r.trains(c.last); got != c.trains {
			t.Errorf("%+v: trains %v", c, got)
		}
		if got := r.tunes(c.last); got != c.tunes {
			t.Errorf("%+v: tunes %v", c, got)
		}
	}
}

func TestStage(t *testing.T) {
	var examples []example
	for i := range 60 {
		var e example
		for l := range e.target {
			e.target[l] = -1
		}
		e.weight, e.target[2] = 1, float32(i%2)
		e.hashes = []uint32{uint32(i%2+1) << 24, uint32(i%7+4) << 24} //nolint:gosec // small
		examples = append(examples, e)
	}
	s := stage{bits: 8, epochs: 5, rate: 0.3, seen: 1, seed: 1}
	w := s.fit(examples)
	if no, yes := w[1*aspect.Lanes+2], w[2*aspect.Lanes+2]; no >= 0 || yes <= 0 {
		t.Errorf("weights %v and %v of a feature against and for a lane", no, yes)
	}
	for i, x := range w {
		if i%aspect.Lanes != 2 && x != 0 {
			t.Fatalf("lane %d without targets has weights", i%aspect.Lanes)
		}
	}
	if again := s.fit(examples); !reflect.DeepEqual(w, again) {
		t.Error("the same examples give other weights")
	}
}

func TestNetworks(t *testing.T) {
	var points []*row
	for i := range 200 {
		r := &row{label: language.Ru, source: own, weight: 1}
		if i%4 == 0 {
			r.aspects[aspect.Price] = positive
			r.gathered[int(aspect.Price)] = 1 // what the whole says of it
		}
		points = append(points, r)
	}
	c := course{epochs: 30, batch: 16, rate: 0.02, seed: 1}
	var n, again aspect.Detector
	c.detector(points, aspect.Told, &n)
	c.detector(points, aspect.Told, &again)
	if n != again {
		t.Error("the same comments give another network")
	}
	if with, without := n.Weigh(&points[0].gathered), n.Weigh(&points[1].gathered); with[aspect.Price] < 0 || without[aspect.Price] > 0 {
		t.Errorf("logits %v and %v", with[aspect.Price], without[aspect.Price])
	}
	cut := thresholds(points, aspect.Told, &n)[aspect.Price]
	if cut < -3 || cut > 3 {
		t.Errorf("threshold %v", cut)
	}
}
