// Package evaluation compares what a model makes of texts with labels that people gave them: it reads labelled texts, counts, and works out
// precision, recall, F1 and their means.
package evaluation

import (
	"fmt"
	"strings"
)

// MaxText is the greatest length of a text, in bytes.
const MaxText = 100_000

// Task is what is judged; the numbers are those of the API.
type Task uint8

// The tasks.
const (
	// Sentiment is what whole texts express: positive, negative, neutral or mixed.
	Sentiment Task = iota + 1
	// Language is what they are written in; see Tally.Report for how finer labels are mapped to coarser ones.
	Language
	// Aspects is what they speak of, with what is expressed about it.
	Aspects
	// Mix is whether they mix languages: mixed or single.
	Mix
	// PII is the personal data in them, by kind and exact place.
	PII
)

var taskNames = [...]string{Sentiment: "sentiment", Language: "language", Aspects: "aspects", Mix: "mix", PII: "pii"}

// String returns the name.
func (t Task) String() string {
	if int(t) < len(taskNames) {
		return taskNames[t]
	}
	return ""
}

// TaskNamed returns the task of a name.
func TaskNamed(name string) (Task, error) {
	for t, n := range taskNames {
		if n != "" && n == name {
			return Task(t), nil
		}
	}
	return 0, fmt.Errorf("there is no task %q: want %s", name, strings.Join(taskNames[1:], ", "))
}

// single tells whether a text has exactly one label.
func (t Task) single() bool { return t == Sentiment || t == Language || t == Mix }

// Label is what people, or a model, say of a text or of a part of it.
type Label struct {
	// Class is the sentiment, the language, the aspect, mixed or single, or the kind of personal data.
	Class string
	// Sentiment is what is expressed about an aspect.
	Sentiment string
	// Start and End are where personal data is, in bytes of the text.
	Start, End int32
}

// Case is a labelled text.
type Case struct {
	// Text is what the model is to look at.
	Text string
	// Labels are what people said: one of the tasks sentiment, language and mix, any number of the others.
	Labels []Label
}

// FormatError tells what is wrong with a labelled text.
type FormatError struct {
	// Line is that of the file, from 1; 0 when the text does not come from one.
	Line int
	// Column is that of the file, from 1; 0 when the whole line is meant.
	Column int
	// Description is for people; it holds nothing of the text.
	Description string
}

// Error names the place.
func (e *FormatError) Error() string {
	switch {
	case e.Line > 0 && e.Column > 0:
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Description)
	case e.Line > 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Description)
	default:
		return e.Description
	}
}
