package aspect

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/comment/internal/linear"
)

// Kinds of comments, which differ in how they speak: what customers tell a company in Russian or English, what they tell it in Kyrgyz, and reviews of
// goods, food and hotels, which are in the words of public sources.
const (
	Told = iota
	ToldKyrgyz
	Reviewed

	Kinds
)

// Weights is what a model is made of, as its trainer makes it.
type Weights struct {
	Bits      int
	Table     []int8
	Scale     float32
	Threshold [Kinds][Fixed]float32 // logits from which an aspect is spoken of
	Floor     [Kinds]float32        // logits below its threshold from which the likeliest is, if none reaches its own
	Detector  [Kinds]Detector
	Judge     Judge
}

// Model is read-only and may be shared by many readers.
type Model struct {
	table     table
	scale     float32
	threshold [Kinds][Fixed]float32
	floor     [Kinds]float32
	detector  [Kinds]Detector
	judge     Judge
}

// New makes a model of weights.
func New(w *Weights) (*Model, error) {
	t, err := newTable(w.Bits, w.Table)
	if err != nil {
		return nil, fmt.Errorf("make aspects: %w", err)
	}
	return &Model{table: t, scale: w.Scale, threshold: w.Threshold, floor: w.Floor, detector: w.Detector, judge: w.Judge}, nil
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
	for i := range w.Threshold {
		visit(w.Threshold[i][:])
	}
	visit(w.Floor[:])
	for kind := range w.Detector {
		n := &w.Detector[kind]
		for i := range n.First {
			visit(n.First[i][:])
		}
		visit(n.Bias[:])
		for i := range n.Second {
			visit(n.Second[i][:])
		}
		for i := range n.Own {
			visit(n.Own[i][:])
		}
		for i := range n.Common {
			visit(n.Common[i][:])
		}
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
