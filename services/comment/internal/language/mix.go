package language

import "github.com/otklik/otklik/services/comment/internal/text"

// state is a language that a word can be of within a mixed text.
type state uint8

const (
	kyrgyz state = iota
	russian
	english
)

func (m *Model) mix(d *text.Document, r *Result) {
	first, last := &d.Tokens[r.words[0].token], &d.Tokens[r.words[len(r.words)-1].token]
	r.Spans = append(r.Spans, Span{Start: first.Start, End: last.End, Label: r.Label})
}
