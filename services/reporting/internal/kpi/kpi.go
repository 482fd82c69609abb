// Package kpi computes the key figure of an employee from weighted components:
//
//	Σ weight·clamp((value - low) / (high - low), 0, 1) / Σ weight
//
// over the components that have a value. Where low is above high less is better. A component without a value is absent, never 0: the weights of the others are
// taken as parts of their own sum, so that an employee is neither punished nor rewarded for what was not measured. Where the components that have a value hold
// less than half of all weight there is no figure: it would tell of something else than what was agreed on.
package kpi

import (
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// LeastWeight is the share of all weight that must be measured.
const LeastWeight = 0.5

// Component is a part of the figure.
type Component struct {
	ID string
	// Weight is what it counts, > 0.
	Weight float64
	// Low counts 0 and High 1; they differ.
	Low, High float64
}

// Check refuses weights that are not positive, and bounds that are the same or no numbers (refusal.Impossible, with the component).
func Check(components []Component) error {
	for _, c := range components {
		switch {
		case !(c.Weight > 0) || math.IsInf(c.Weight, 0):
			return refusal.New(refusal.Impossible, []string{c.ID}, "component %q has the weight %v: give it one above 0, or leave the component out", c.ID, c.Weight)
		case !(c.Low != c.High) || math.IsNaN(c.Low+c.High) || math.IsInf(c.Low, 0) || math.IsInf(c.High, 0):
			return refusal.New(refusal.Impossible, []string{c.ID}, "component %q has the bounds %v and %v: give it two different numbers", c.ID, c.Low, c.High)
		}
	}
	return nil
}

// Value is what was measured of a component.
type Value struct {
	// Measured is nil where there is nothing, which Absent explains.
	Measured *estimate.Estimate
	Absent   string
}

// Part is a component with what it adds.
type Part struct {
	Component
	Value
	// Attained is the value between the bounds, 0 to 1; nil where the component is absent.
	Attained *float64
	// EffectiveWeight is the share of the weight measured, 0 to 1; those of all parts sum to 1. Contribution is EffectiveWeight × Attained; contributions sum to
	// the figure.
	EffectiveWeight, Contribution float64
}

// Figure is the key figure of an employee.
type Figure struct {
	// Score is from 0 to 1; nil where less than LeastWeight was measured. Its interval takes the components as independent, and is there where each of them has an
	// error of its own.
	Score *estimate.Estimate
	Parts []Part
	// Measured is the share of all weight that was measured, 0 to 1.
	Measured float64
}

// Of computes the figure; values are in the order of the components.
func Of(components []Component, values []Value, level float64) Figure {
	var all, measured float64
	for i, c := range components {
		all += c.Weight
		if values[i].Measured != nil {
			measured += c.Weight
		}
	}
	out := Figure{Parts: make([]Part, len(components)), Measured: measured / all}
	var score, variance float64
	known := true
	for i, c := range components {
		p := Part{Component: c, Value: values[i]}
		if m := p.Measured; m != nil {
			attained := clamp((m.Value - c.Low) / (c.High - c.Low))
			p.Attained = &attained
			p.EffectiveWeight = c.Weight / measured
			p.Contribution = p.EffectiveWeight * attained
			score += p.Contribution
			if m.SE == nil {
				known = false
			} else {
				e := p.EffectiveWeight * *m.SE / (c.High - c.Low)
				variance += e * e
			}
		}
		out.Parts[i] = p
	}
	if out.Measured < LeastWeight {
		return out
	}
	e := estimate.Estimate{Value: min(1, score), Method: estimate.Delta}
	if known && variance > 0 {
		se := math.Sqrt(variance)
		half := stat.CriticalZ(level) * se
		e.SE, e.Interval = &se, &stat.Interval{Low: max(0, score-half), High: min(1, score+half)}
	}
	out.Score = &e
	return out
}

func clamp(x float64) float64 { return min(1, max(0, x)) }
