// Package aspect learns what comments speak of, how, and from which score on that is said.
package aspect

import (
	"fmt"
	"io"
	"time"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
	"github.com/otklik/otklik/services/comment/train/dataset"
	"github.com/otklik/otklik/services/comment/train/fit"
)

// Options say where the labelled comments are and how much to do.
type Options struct {
	Data, Corpus, Gold string
	Quick              bool // only tell how well the tuning part is read
	Misses             bool // list our own comments that are misread
	Report             io.Writer
}

const (
	ownWeight     = 2
	judgedWeight  = 6 // they are few
	toldFloor     = -1.4
	reviewedFloor = 0
	quantiseAt    = 8 // where weights are cut off, in multiples of their root mean square
)

var (
	lanesStage    = stage{bits: 17, epochs: 7, rate: 0.3, decay: 1e-3, seen: 1, seed: 1}
	detectCourse  = course{epochs: 12, batch: 32, rate: 0.004, decay: 0.01, seed: 1}
	judgingCourse = course{epochs: 12, batch: 32, rate: 0.004, decay: 0.01, seed: 1}
)

// shift is added to the thresholds: the first stage is surer when it has seen all than it was of the folds.
var shift = [aspect.Kinds]float32{aspect.Told: 0.3, aspect.ToldKyrgyz: 0.3, aspect.Reviewed: 0.35}

type trainer struct {
	o        Options
	rows     []row
	lexicon  *lexicon.Lexicon
	document text.Document
	hits     lexicon.Hits
	features feature.Buffer
	began    time.Time
}

// Train learns the model and puts it into the file.
func Train(o Options, f *linear.File) error {
	words, err := lexicon.Load()
	if err != nil {
		return fmt.Errorf("train aspects: %w", err)
	}
	t := &trainer{o: o, lexicon: words, began: time.Now()}
	if err := t.gather(); err != nil {
		return err
	}
	for i := range t.rows {
		t.read(&t.rows[i])
		t.rows[i].hashes = append([]uint32(nil), t.features.Hashes...)
	}
	t.say("read %d comments", len(t.rows))
	last := dataset.Train
	if !o.Quick {
		last = dataset.Dev
	}
	w := &aspect.Weights{Bits: lanesStage.bits}
	if err := t.learn(w, last); err != nil {
		return err
	}
	w.Floor = [aspect.Kinds]float32{aspect.Told: toldFloor, aspect.ToldKyrgyz: toldFloor, aspect.Reviewed: reviewedFloor}
	if err := t.measure(w, f); err != nil {
		return err
	}
	if !o.Quick {
		w.Write(f)
	}
	return nil
}

func (t *trainer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(t.o.Report, "%5.1f s  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
}

// read does what is done with a comment before its aspects are looked for.
func (t *trainer) read(r *row) {
	d := &t.document
	d.Read(r.text)
	if r.label == language.KyLat || r.label == language.RuLat {
		for i := range d.Tokens {
			d.Transliterate(i, text.Cyrillic)
		}
		d.Divide()
	}
	t.lexicon.Find(d, sentiment.Languages(r.label), &t.hits)
	sentiment.Negate(d, t.hits.Polarity)
	t.features.Read(d)
}

// trains tells whether a comment is learnt from by the first stage. Beyond the last part there are the comments to tune on.
func (r *row) trains(last dataset.Part) bool {
	if r.source == judged {
		return last > dataset.Dev
	}
	return r.part == dataset.Train || r.part == dataset.Dev && last >= dataset.Dev
}

// tunes tells whether a comment of our own that the first stage has not seen is learnt from by the second: while things are tried out a half.
func (r *row) tunes(last dataset.Part) bool {
	return r.source == judged && (last >= dataset.Dev || r.half)
}

// learn learns all stages from the parts up to last. The comments to judge by are written in other words than those to learn from, so the second
// stage learns from them how far the first is to be believed.
func (t *trainer) learn(w *aspect.Weights, last dataset.Part) error {
	for without := range folds {
		t.first(w, last, without)
		err := t.notes(w, func(r *row) bool { return r.fold == without && r.trains(last) })
		if err != nil {
			return err
		}
	}
	t.say("first stage crossed")
	t.first(w, last, -1)
	if err := t.notes(w, func(r *row) bool { return r.tunes(last) }); err != nil {
		return err
	}
	t.say("first stage")
	t.second(w, last)
	t.say("second stage")
	if last == dataset.Dev {
		// What the second stage has been tuned on need not be kept from the first any longer.
		t.first(w, last+1, -1)
		t.say("first stage of all")
	}
	return nil
}

// notes keeps what the second stage weighs of some comments.
func (t *trainer) notes(w *aspect.Weights, of func(r *row) bool) error {
	m, err := aspect.New(w)
	if err != nil {
		return fmt.Errorf("train aspects: %w", err)
	}
	reader := m.NewReader()
	for i := range t.rows {
		if r := &t.rows[i]; of(r) {
			t.note(reader, r)
		}
	}
	return nil
}

// first learns the first stage from all but one fold.
func (t *trainer) first(w *aspect.Weights, last dataset.Part, without int) {
	var examples []example
	for i := range t.rows {
		r := &t.rows[i]
		if !r.trains(last) || r.fold == without {
			continue
		}
		examples = append(examples, r.example())
	}
	w.Table, w.Scale = fit.Quantise(lanesStage.fit(examples), quantiseAt)
}

// example tells what the lanes should say of a comment.
func (r *row) example() example {
	e := example{hashes: r.hashes, weight: min(r.weight, 1)}
	for l := range e.target {
		e.target[l] = -1
	}
	kind := r.kind()
	var counts [both + 1]int
	for a, s := range r.aspects {
		l := aspect.Lane(kind, aspect.ID(a)) //nolint:gosec // below Fixed
		switch s {
		case unknown:
		case absent:
			e.target[l] = 0
		default:
			e.target[l] = 1
			counts[s]++
		}
	}
	if n := counts[negative] + counts[neutral] + counts[positive]; n > 0 && counts[both] == 0 {
		for k, s := range []said{negative, neutral, positive} {
			if counts[s] == n {
				e.target[aspect.Tone], e.target[aspect.Tone+1], e.target[aspect.Tone+2] = 0, 0, 0
				e.target[aspect.Tone+k] = 1
			}
		}
	}
	e.target[aspect.Trade] = 0
	if kind == aspect.Reviewed {
		e.target[aspect.Trade] = 1
	}
	return e
}

// note keeps what the second stage weighs of a comment.
func (t *trainer) note(reader *aspect.Reader, r *row) {
	t.read(r)
	reader.Prepare(&t.document, r.label, &t.features, &t.hits)
	r.gathered = reader.Gather(r.kind())
	r.judge = r.judge[:0]
	for a, s := range r.aspects {
		if s == negative || s == neutral || s == positive {
			class := sentiment.Class(s - negative)
			r.judge = append(r.judge, judgement{reader.Judge(aspect.ID(a)), class}) //nolint:gosec // below Fixed
		}
	}
}

// second learns the networks from what the first stage said of comments that it had not learnt from.
func (t *trainer) second(w *aspect.Weights, last dataset.Part) {
	var points []*row
	var judged []judgement
	var weights []float32
	for i := range t.rows {
		r := &t.rows[i]
		if !r.trains(last) && !r.tunes(last) {
			continue
		}
		points = append(points, r)
		for _, j := range r.judge {
			judged = append(judged, j)
			weights = append(weights, r.weight)
		}
	}
	judgingCourse.judge(judged, weights, &w.Judge)
	for kind := range w.Threshold {
		n := &w.Detector[kind]
		detectCourse.detector(points, kind, n)
		w.Threshold[kind] = thresholds(points, kind, n)
	}
}
