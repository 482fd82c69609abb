package kpi

import "time"

// Source is what a component is measured by; the numbers are those of the API.
type Source uint8

// The sources.
const (
	MeanScore Source = iota + 1
	NPS
	CSAT
	LikeShare
	StandardsCompliance
	ConsultationsPerHour
	UnitsPerReceipt
	AverageCheck
)

// Scored tells whether the source are answers to a survey.
func (s Source) Scored() bool { return s >= MeanScore && s <= CSAT }

// Measure is a component with what it is measured by.
type Measure struct {
	Component
	Source Source
	// Survey and Question are those of a score.
	Survey   string `json:",omitempty"`
	Question string `json:",omitempty"`
}

// Content is what people say of a definition.
type Content struct {
	DisplayName string
	Measures    []Measure
	// Note is why this version was made.
	Note string `json:",omitempty"`
}

// Definition is a version of how a figure is weighed. It never changes.
type Definition struct {
	ID      string
	Version int
	Content
	// Author is who made the version, Time when.
	Author string
	Time   time.Time
}

// Components are those of the definition.
func (d Definition) Components() []Component {
	out := make([]Component, len(d.Measures))
	for i, m := range d.Measures {
		out[i] = m.Component
	}
	return out
}
