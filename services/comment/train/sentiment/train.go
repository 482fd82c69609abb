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
	Data, Corpus, Lexicon, Gold string
	Quick                       bool // without the last training, to try something out
	Misses                      bool // list our own comments that are misread
	Card                        io.Writer
	Report                      io.Writer
}

// bits of a row's number in the tables.
const bits = 18

var first = [sentiment.Heads]fit.Hashed{
	sentiment.Russian: {Bits: bits, Epochs: 12, Rate: 0.25, Decay: 2e-4, Smooth: 24, Seen: 2, Seed: 1},
	sentiment.English: {Bits: bits, Epochs: 12, Rate: 0.25, Decay: 2e-4, Smooth: 24, Seen: 2, Seed: 2},
	sentiment.Kyrgyz:  {Bits: bits, Epochs: 5, Rate: 0.25, Decay: 1e-4, Smooth: 24, Seen: 2, Seed: 3},
}

// kyrgyzShare is what a Russian comment counts for the Kyrgyz head.
const kyrgyzShare float32 = 0.4

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
	if t.rows, t.judged, err = gather(o.Data, o.Corpus, o.Lexicon, o.Gold, "dev_"); err != nil {
		return fmt.Errorf("train sentiment: %w", err)
	}
	for i := range t.rows {
		r := &t.rows[i]
		t.reading.read(r, r.head)
		r.hashes = append([]uint32(nil), t.reading.features.Hashes...)
	}
	t.say("read %d comments", len(t.rows))
	w := &sentiment.Weights{Bits: bits}
	evidence, reader, err := t.crossed(w)
	if err != nil {
		return err
	}
	t.say("first stage crossed")
	t.second(w, evidence, reader)
	t.say("second stage")
	if o.Quick {
		return nil
	}
	for h := range w.Table {
		w.Table[h], w.Scale[h] = t.first(sentiment.Head(h), -1)
	}
	t.say("first stage of all")
	w.Write(f)
	return t.judge(f)
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
// The reader that it returns, too, has not seen the last fold.
func (t *trainer) crossed(w *sentiment.Weights) ([]sentiment.Evidence, *sentiment.Reader, error) {
	var reader *sentiment.Reader
	out := make([]sentiment.Evidence, len(t.rows))
	for without := range folds {
		for h := range w.Table {
			w.Table[h], w.Scale[h] = t.first(sentiment.Head(h), without)
		}
		m, err := sentiment.New(w)
		if err != nil {
			return nil, nil, fmt.Errorf("cross: %w", err)
		}
		reader = m.NewReader()
		for i := range t.rows {
			r := &t.rows[i]
			if r.part == dataset.Held || r.fold != without {
				continue
			}
			out[i] = t.evidence(reader, r)
		}
	}
	return out, reader, nil
}

func (t *trainer) evidence(reader *sentiment.Reader, r *row) sentiment.Evidence {
	t.reading.read(r, r.head)
	reader.Prepare(&t.reading.document, r.head, &t.reading.features, t.reading.hits.Polarity)
	return reader.Evidence(0, len(t.reading.document.Tokens))
}

// networks is how many are learnt, each from another start, to be one whose answer is their mean: a single one depends on its start.
const networks = 3

// dense says how each of them is learnt.
var dense = fit.Dense{Inputs: sentiment.Inputs, Hidden: sentiment.Hidden / networks, Epochs: 20, Batch: 32, Rate: 0.004, Decay: 0.01, Seed: 7}

// second learns the second stage, chooses temperatures on the tuning part, and learns it again from all.
func (t *trainer) second(w *sentiment.Weights, evidence []sentiment.Evidence, reader *sentiment.Reader) {
	t.network(w, evidence, false)
	t.tune(w, evidence, reader)
	if !t.o.Quick {
		t.network(w, evidence, true)
	}
}

// Of the comments that only praise or blame, one in twoEvery is enough for the second stage, and counts twoPoint there.
const (
	twoEvery = 4
	twoPoint = 0.3
)

// pointWeight is what a comment counts in the second stage.
func pointWeight(r *row) float32 {
	if r.two {
		return twoPoint
	}
	return r.weight
}

func (t *trainer) network(w *sentiment.Weights, evidence []sentiment.Evidence, all bool) {
	var points []fit.Point
	for i := range t.rows {
		r := &t.rows[i]
		if r.part == dataset.Held || !all && r.part == dataset.Dev || r.two && i%twoEvery != 0 {
			continue
		}
		p := fit.Point{Input: evidence[i][:], Class: int(r.class), Weight: pointWeight(r)}
		if r.two {
			p.Masked = [fit.Lanes]bool{sentiment.Neutral: true, sentiment.Mixed: true}
		}
		points = append(points, p)
	}
	w.Direct = [sentiment.Inputs][sentiment.Classes]float32{}
	for j := range networks {
		d := dense
		d.Seed += uint64(j) //nolint:gosec // a small number
		n := d.Fit(points)
		for i := range n.First {
			for k, x := range n.First[i] {
				w.First[i][j*dense.Hidden+k] = float32(x)
			}
			for c, x := range n.Direct[i] {
				w.Direct[i][c] += float32(x / networks)
			}
		}
		for k := range n.Second {
			for c, x := range n.Second[k] {
				w.Second[j*dense.Hidden+k][c] = float32(x / networks)
			}
		}
	}
}

// tuned is a comment that the second stage is tuned on, and what it makes of it.
type tuned struct {
	row    *row
	logits [sentiment.Classes]float32
}

// tune chooses what makes probabilities right: those of the tuning part, and of our own comments that were judged by or crossed.
// reader holds the first stage without the tuning part.
func (t *trainer) tune(w *sentiment.Weights, evidence []sentiment.Evidence, reader *sentiment.Reader) {
	var f figures
	for h := range w.Table {
		var rows []tuned
		for i := range t.rows {
			if r := &t.rows[i]; int(r.head) == h && r.part == dataset.Dev && r.source[0] != 'j' {
				rows = append(rows, tuned{r, w.Logits(&evidence[i])})
			}
		}
		for i := range t.judged {
			if r := &t.judged[i]; int(r.head) == h {
				e := t.evidence(reader, r)
				rows = append(rows, tuned{r, w.Logits(&e)})
			}
		}
		var crossed []tuned
		for i := range t.rows {
			if r := &t.rows[i]; int(r.head) == h && r.part == dataset.Train && r.variety != "" {
				crossed = append(crossed, tuned{r, w.Logits(&evidence[i])})
			}
		}
		w.Temperature[h] = temperature(append(crossed, rows...))
		for _, r := range rows {
			said := sentiment.Choose(sentiment.Probabilities(r.logits, w.Temperature[h]))
			f.add(r.row.head.String()+" "+r.row.source, r.row.class, said)
			switch {
			case r.row.variety != "":
				f.add(r.row.head.String()+" own", r.row.class, said)
			case !r.row.two:
				f.add(r.row.head.String()+" others", r.row.class, said)
			}
		}
		for _, r := range crossed {
			f.add("crossed "+r.row.source, r.row.class, sentiment.Choose(sentiment.Probabilities(r.logits, w.Temperature[h])))
		}
		t.say("%s: temperature %.2f", sentiment.Head(h), w.Temperature[h]) //nolint:gosec // below Heads
	}
	f.print(t.o.Report, "tuning part")
}

// temperature minimises the surprise at the right classes.
func temperature(rows []tuned) float32 {
	best, least := float32(1), math.Inf(1)
	for by := float32(0.5); by < 2.5; by *= 1.1 {
		var sum float64
		for _, r := range rows {
			if !r.row.two {
				sum -= math.Log(float64(sentiment.Probabilities(r.logits, by)[r.row.class]) + 1e-9)
			}
		}
		if sum < least {
			best, least = by, sum
		}
	}
	return best
}
