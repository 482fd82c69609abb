package sentiment

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/train/dataset"
	"github.com/otklik/otklik/services/comment/train/fit"
)

// Options say where the labelled comments are and how much to do.
type Options struct {
	Data, Corpus, Gold string
	Quick              bool // without the last training, to try something out
	Misses             bool // list our own comments that are misread
	Report             io.Writer
}

// bits of a row's number in the tables.
const bits = 18

var first = [sentiment.Heads]fit.Hashed{
	sentiment.Russian: {Bits: bits, Epochs: 8, Rate: 0.25, Decay: 2e-4, Smooth: 24, Seen: 2, Seed: 1},
	sentiment.English: {Bits: bits, Epochs: 8, Rate: 0.25, Decay: 2e-4, Smooth: 24, Seen: 2, Seed: 2},
	sentiment.Kyrgyz:  {Bits: bits, Epochs: 5, Rate: 0.25, Decay: 1e-4, Smooth: 24, Seen: 2, Seed: 3},
}

// kyrgyzShare is what a Russian comment counts for the Kyrgyz head.
const kyrgyzShare = 0.4

type trainer struct {
	o       Options
	rows    []row
	judged  []row
	reading reading
	began   time.Time
}

// Train learns the model and puts it into the file.
func Train(o Options, f *linear.File) error {
	words, err := lexicon.Load()
	if err != nil {
		return fmt.Errorf("train sentiment: %w", err)
	}
	t := &trainer{o: o, reading: reading{lexicon: words}, began: time.Now()}
	if t.rows, t.judged, err = gather(o.Data, o.Corpus, o.Gold); err != nil {
		return fmt.Errorf("train sentiment: %w", err)
	}
	for i := range t.rows {
		r := &t.rows[i]
		t.reading.read(r, r.head)
		r.hashes = append([]uint32(nil), t.reading.features.Hashes...)
	}
	t.say("read %d comments", len(t.rows))
	w := &sentiment.Weights{Bits: bits}
	evidence, err := t.crossed(w)
	if err != nil {
		return err
	}
	t.say("first stage crossed")
	t.second(w, evidence)
	t.say("second stage")
	if o.Quick {
		return nil
	}
	for h := range w.Table {
		w.Table[h], w.Scale[h] = t.first(sentiment.Head(h), -1)
	}
	t.say("first stage of all")
	if err := t.judge(w); err != nil {
		return err
	}
	w.Write(f)
	return nil
}

func (t *trainer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(t.o.Report, "%5.1f s  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
}

// first learns the first stage of a head from all but one fold.
func (t *trainer) first(head sentiment.Head, without int) ([]int8, float32) {
	var examples []fit.Example
	for i := range t.rows {
		r := &t.rows[i]
		weight := r.weight
		switch {
		case r.part == dataset.Held, r.fold == without:
			continue
		case head == sentiment.Kyrgyz && r.head == sentiment.Russian:
			weight *= kyrgyzShare
		case r.head != head:
			continue
		}
		e := fit.Example{Hashes: r.hashes, Class: int(r.class), Weight: weight}
		if r.two {
			e.Masked = [fit.Lanes]bool{sentiment.Neutral: true, sentiment.Mixed: true}
		}
		examples = append(examples, e)
	}
	h := first[head]
	return fit.Quantise(h.Fit(examples), quantiseAt)
}

// quantiseAt is where weights are cut off, in multiples of their root mean square.
const quantiseAt = 8

// crossed learns the first stage of each head without each fold and returns what it says of the comments in that fold.
func (t *trainer) crossed(w *sentiment.Weights) ([]sentiment.Evidence, error) {
	out := make([]sentiment.Evidence, len(t.rows))
	for without := range folds {
		for h := range w.Table {
			w.Table[h], w.Scale[h] = t.first(sentiment.Head(h), without)
		}
		m, err := sentiment.New(w)
		if err != nil {
			return nil, fmt.Errorf("cross: %w", err)
		}
		reader := m.NewReader()
		for i := range t.rows {
			r := &t.rows[i]
			if r.part == dataset.Held || r.fold != without {
				continue
			}
			out[i] = t.evidence(reader, r)
		}
	}
	return out, nil
}

func (t *trainer) evidence(reader *sentiment.Reader, r *row) sentiment.Evidence {
	t.reading.read(r, r.head)
	reader.Prepare(&t.reading.document, r.head, &t.reading.features, t.reading.hits.Polarity)
	return reader.Evidence(0, len(t.reading.document.Tokens))
}

// dense says how the second stage is learnt.
var dense = fit.Dense{Inputs: sentiment.Inputs, Hidden: sentiment.Hidden, Epochs: 12, Batch: 32, Rate: 0.004, Decay: 0.01, Seed: 7}

// second learns the second stage, chooses temperatures and leans on the tuning part, and learns it again from all.
func (t *trainer) second(w *sentiment.Weights, evidence []sentiment.Evidence) {
	t.network(w, evidence, false)
	t.tune(w, evidence)
	if !t.o.Quick {
		t.network(w, evidence, true)
	}
}

// pointWeight is what a comment counts in the second stage.
func pointWeight(r *row) float32 {
	switch {
	case r.two:
		return 0.15
	case r.source[0] == 'c':
		return ownWeight
	}
	return 1
}

func (t *trainer) network(w *sentiment.Weights, evidence []sentiment.Evidence, all bool) {
	var points []fit.Point
	for i := range t.rows {
		r := &t.rows[i]
		if r.part == dataset.Held || !all && r.part == dataset.Dev {
			continue
		}
		p := fit.Point{Input: evidence[i][:], Class: int(r.class), Weight: pointWeight(r)}
		if r.two {
			p.Masked = [fit.Lanes]bool{sentiment.Neutral: true, sentiment.Mixed: true}
		}
		points = append(points, p)
	}
	n := dense.Fit(points)
	for i := range n.First {
		for k, x := range n.First[i] {
			w.First[i][k] = float32(x)
		}
		for c, x := range n.Direct[i] {
			w.Direct[i][c] = float32(x)
		}
	}
	for k := range n.Second {
		for c, x := range n.Second[k] {
			w.Second[k][c] = float32(x)
		}
	}
}

// tune chooses what makes the probabilities of the tuning part right, and the leans that make its macro-F1 best.
func (t *trainer) tune(w *sentiment.Weights, evidence []sentiment.Evidence) {
	var f figures
	for h := range w.Table {
		var rows []int
		for i := range t.rows {
			if r := &t.rows[i]; int(r.head) == h && r.part == dataset.Dev {
				rows = append(rows, i)
			}
		}
		logits := make([][sentiment.Classes]float32, len(rows))
		for k, i := range rows {
			logits[k] = w.Logits(&evidence[i])
		}
		w.Temperature[h] = t.temperature(rows, logits)
		w.Lean[h] = t.lean(rows, logits, w.Temperature[h])
		for k, i := range rows {
			r := &t.rows[i]
			p := sentiment.Probabilities(logits[k], w.Temperature[h])
			said := sentiment.Choose(p, w.Lean[h])
			f.add(r.head.String()+" "+r.source, r.class, said)
			if !r.two {
				f.add(r.head.String()+" all", r.class, said)
			}
		}
		t.say("%s: temperature %.2f, lean %.2f", sentiment.Head(h), w.Temperature[h], w.Lean[h])
	}
	f.print(t.o.Report, "tuning part")
}

// temperature minimises the surprise at the right classes.
func (t *trainer) temperature(rows []int, logits [][sentiment.Classes]float32) float32 {
	best, least := float32(1), math.Inf(1)
	for _, by := range []float32{0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 1.75, 2} {
		var sum float64
		for k, i := range rows {
			if r := &t.rows[i]; !r.two {
				sum -= math.Log(float64(sentiment.Probabilities(logits[k], by)[r.class]) + 1e-9)
			}
		}
		if sum < least {
			best, least = by, sum
		}
	}
	return best
}

// lean climbs to the factors with the best macro-F1.
func (t *trainer) lean(rows []int, logits [][sentiment.Classes]float32, temperature float32) [sentiment.Classes]float32 {
	lean := [sentiment.Classes]float32{1, 1, 1, 1}
	score := func(l [sentiment.Classes]float32) float64 {
		var m confusion
		for k, i := range rows {
			if r := &t.rows[i]; !r.two {
				m[r.class][sentiment.Choose(sentiment.Probabilities(logits[k], temperature), l)]++
			}
		}
		return m.macro()
	}
	best := score(lean)
	for range 3 {
		for c := range lean {
			for _, by := range []float32{0.7, 0.85, 1.15, 1.3, 1.6} {
				try := lean
				try[c] *= by
				if s := score(try); s > best+1e-6 && try[c] < 4 && try[c] > 0.25 {
					best, lean = s, try
				}
			}
		}
	}
	return lean
}

// judge tells how the model does on the held-out part and on our own comments.
func (t *trainer) judge(w *sentiment.Weights) error {
	m, err := sentiment.New(w)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	reader := m.NewReader()
	var held, own figures
	for i := range t.rows {
		r := &t.rows[i]
		if r.part != dataset.Held {
			continue
		}
		said := t.class(reader, r)
		held.add(r.head.String()+" "+r.source, r.class, said)
		if !r.two {
			held.add(r.head.String()+" all", r.class, said)
		}
	}
	for i := range t.judged {
		r := &t.judged[i]
		said := t.class(reader, r)
		own.add(r.source, r.class, said)
		own.add(r.head.String()+" all", r.class, said)
		if t.o.Misses && said != r.class {
			_, _ = fmt.Fprintf(t.o.Report, "%s, not %s\t%s\t%s\n", said, r.class, r.variety, r.text)
		}
	}
	held.print(t.o.Report, "held out")
	own.print(t.o.Report, "our own comments")
	return nil
}

func (t *trainer) class(reader *sentiment.Reader, r *row) sentiment.Class {
	t.reading.read(r, r.head)
	reader.Prepare(&t.reading.document, r.head, &t.reading.features, t.reading.hits.Polarity)
	return reader.Span(0, len(t.reading.document.Tokens)).Class
}
