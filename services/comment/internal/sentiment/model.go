package sentiment

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/comment/internal/linear"
)

// head is what was learnt for one language.
type head struct {
	table       *linear.Table
	scale       float32
	temperature float32 // divides logits, so that probabilities are as often right as they say
}

// Model is read-only and may be shared by many readers.
type Model struct {
	heads   [Heads]head
	network network
}

// Weights is what a model is made of, as its trainer makes it.
type Weights struct {
	Bits        int
	Table       [Heads][]int8
	Scale       [Heads]float32
	Temperature [Heads]float32
	First       [Inputs][Hidden]float32
	Second      [Hidden][Classes]float32
	Direct      [Inputs][Classes]float32
}

// section is the name under which the weights lie in the file.
const section = "sentiment"

// New makes a model of weights.
func New(w *Weights) (*Model, error) {
	m := &Model{network: network{first: w.First, second: w.Second, direct: w.Direct}}
	for h := range m.heads {
		table, err := linear.NewTable(w.Bits, w.Table[h])
		if err != nil {
			return nil, fmt.Errorf("read sentiment of %s: %w", Head(h), err) //nolint:gosec // below Heads
		}
		m.heads[h] = head{table: table, scale: w.Scale[h], temperature: w.Temperature[h]}
	}
	return m, nil
}

// Write puts the weights into a file.
func (w *Weights) Write(f *linear.File) {
	s := &linear.Section{}
	s.PutInt(w.Bits)
	s.PutInt(Inputs)
	s.PutInt(Hidden)
	for h := range Heads {
		s.PutFloats([]float32{w.Scale[h], w.Temperature[h]})
		s.PutWeights(w.Table[h])
	}
	for i := range w.First {
		s.PutFloats(w.First[i][:])
		s.PutFloats(w.Direct[i][:])
	}
	for k := range w.Second {
		s.PutFloats(w.Second[k][:])
	}
	f.Put(section, s)
}

// Load takes the model from a file.
func Load(f *linear.File) (*Model, error) {
	s, err := f.Get(section)
	if err != nil {
		return nil, fmt.Errorf("read sentiment: %w", err)
	}
	w := &Weights{Bits: s.Int()}
	if in, hidden := s.Int(), s.Int(); in != Inputs || hidden != Hidden {
		return nil, errors.New("read sentiment: the weights are of another version of the model")
	}
	for h := range Heads {
		var pair [2]float32
		copy(pair[:], s.Floats())
		w.Scale[h], w.Temperature[h] = pair[0], pair[1]
		w.Table[h] = s.Weights()
	}
	for i := range w.First {
		copy(w.First[i][:], s.Floats())
		copy(w.Direct[i][:], s.Floats())
	}
	for k := range w.Second {
		copy(w.Second[k][:], s.Floats())
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read sentiment: %w", err)
	}
	return New(w)
}

// Logits returns what the second stage makes of evidence.
func (w *Weights) Logits(e *Evidence) [Classes]float32 {
	n := network{first: w.First, second: w.Second, direct: w.Direct}
	return n.weigh(e)
}

// Probabilities turns logits into probabilities at a temperature.
func Probabilities(z [Classes]float32, temperature float32) [Classes]float32 {
	for c := range z {
		z[c] /= temperature
	}
	return softmax(z)
}

// Choose takes the class that is most probable.
func Choose(p [Classes]float32) Class {
	best := Neutral
	for c := range p {
		if p[c] > p[best] {
			best = Class(c) //nolint:gosec // below Classes
		}
	}
	return best
}
