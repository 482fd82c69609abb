// Package language trains the model that tells the language of a comment: multinomial logistic regression over hashed n-grams.
package language

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/train/corpus"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// short is the length in bytes of the comments of our own making that count more than others: what people write most, and what there is
// least of in the labelled sets.
const short = 32

// Train trains the model from the labelled sets of a folder and the comments of our own making, puts it into a file, and reports how it
// does on what was held out.
func Train(data string, f *linear.File, report io.Writer) error {
	rows, err := Rows(data)
	if err != nil {
		return err
	}
	var train, held []Row
	for _, r := range rows {
		if dataset.PartOf(r.Text) == dataset.Held {
			held = append(held, r)
		} else {
			train = append(train, r)
		}
	}
	own, err := Own()
	if err != nil {
		return err
	}
	Store(f, append(train, own...))
	m, err := language.Load(f)
	if err != nil {
		return err
	}
	return Report(report, m, held)
}

// Rows reads the labelled set of languages.
func Rows(data string) ([]Row, error) {
	set, err := dataset.Read(data, "A_langid")
	if err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(set))
	for i := range set {
		l, ok := language.Parse(set[i].Label(0))
		if !ok {
			return nil, fmt.Errorf("read languages: no label %q", set[i].Label(0))
		}
		rows = append(rows, Row{Text: set[i].Text, Label: l})
	}
	return rows, nil
}

// Own reads what was written for training, the short comments as often as they are to count.
func Own() (rows []Row, err error) {
	phrases, err := corpus.Files.ReadFile("language.tsv")
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	if rows, err = Read(string(phrases)); err != nil {
		return nil, err
	}
	files, err := corpus.Files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	for _, file := range files {
		b, err := corpus.Files.ReadFile(file.Name())
		if err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
		rows = append(rows, Comments(string(b))...)
	}
	for _, r := range rows {
		if len(r.Text) < short {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// Store trains weights and puts them into a file.
func Store(f *linear.File, rows []Row) {
	weights, scale := quantise(Fit(rows, Options{Epochs: 6, Rate: 0.1, Fragments: 2}))
	language.Store(f, weights, scale, 1)
}

// quantise rounds weights to a byte each. The few that are greater than the scale allows are cut.
func quantise(w []float32) ([]int8, float32) {
	sizes := make([]float32, 0, len(w))
	for _, v := range w {
		if v != 0 {
			sizes = append(sizes, float32(math.Abs(float64(v))))
		}
	}
	scale := float32(1)
	if len(sizes) > 0 {
		slices.Sort(sizes)
		scale = sizes[len(sizes)-1-len(sizes)/2000] / 127
	}
	out := make([]int8, len(w))
	for i, v := range w {
		out[i] = int8(max(-127, min(127, math.Round(float64(v/scale)))))
	}
	return out, scale
}
