package aspect

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/comment/internal/linear"
)

// Weights is what a model is made of, as its trainer makes it.
type Weights struct {
	Bits      int
	Table     []int8
	Scale     float32
	Threshold [Fixed]float32 // logits from which an aspect is spoken of
	Detector  Detector
	Judge     Judge
}

// Model is read-only and may be shared by many readers.
type Model struct {
	table     *linear.Table
	scale     float32
	threshold [Fixed]float32
	detector  Detector
	judge     Judge
}

// New makes a model of weights.
func New(w *Weights) (*Model, error) {
	t, err := linear.NewTable(w.Bits, Lanes, w.Table)
	if err != nil {
		return nil, fmt.Errorf("make aspects: %w", err)
	}
	return &Model{table: t, scale: w.Scale, threshold: w.Threshold, detector: w.Detector, judge: w.Judge}, nil
}

// section is the name under which the weights lie in the file.
const section = "aspect"

// Write puts the weights into a file.
func (w *Weights) Write(f *linear.File) {
	s := &linear.Section{}
	for _, v := range []int{w.Bits, Inputs, Hidden, Judged, JudgeHidden} {
		s.PutInt(v)
	}
	s.PutFloats([]float32{w.Scale})
	w.each(func(v []float32) { s.PutFloats(v) })
	s.PutWeights(w.Table)
	f.Put(section, s)
}

// each visits all the numbers but the table, always in the same order.
func (w *Weights) each(visit func([]float32)) {
	visit(w.Threshold[:])
	for i := range w.Detector.First {
		visit(w.Detector.First[i][:])
	}
	visit(w.Detector.Bias[:])
	for i := range w.Detector.Second {
		visit(w.Detector.Second[i][:])
	}
	for i := range w.Detector.Own {
		visit(w.Detector.Own[i][:])
	}
	for i := range w.Detector.Common {
		visit(w.Detector.Common[i][:])
	}
	for i := range w.Judge.First {
		visit(w.Judge.First[i][:])
	}
	for i := range w.Judge.Second {
		visit(w.Judge.Second[i][:])
	}
	for i := range w.Judge.Direct {
		visit(w.Judge.Direct[i][:])
	}
}

// Load takes the model from a file.
func Load(f *linear.File) (*Model, error) {
	s, err := f.Get(section)
	if err != nil {
		return nil, fmt.Errorf("read aspects: %w", err)
	}
	w := &Weights{Bits: s.Int()}
	for _, want := range []int{Inputs, Hidden, Judged, JudgeHidden} {
		if s.Int() != want {
			return nil, errors.New("read aspects: the weights are of another version of the model")
		}
	}
	if scale := s.Floats(); len(scale) == 1 {
		w.Scale = scale[0]
	}
	w.each(func(v []float32) { copy(v, s.Floats()) })
	w.Table = s.Weights()
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read aspects: %w", err)
	}
	return New(w)
}
