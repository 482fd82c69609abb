package aspect

import (
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// segment is a run of clauses that say one thing: "the soup, we must say, was cold" is three clauses and one segment.
type segment struct {
	first, last int32 // tokens [first, last)
	link        text.Link
	start       bool // of a sentence
	question    bool
	wish        bool

	sum        [Lanes]int32
	features   int32
	good, bad  float32 // words of the polarity lexicon
	named      [Fixed]uint8
	meant      [Fixed]uint8
	plus, less [Fixed]uint8 // implied
	relied     [Fixed]int32 // implied by what can be relied on: positive less negative
}

// sketch is what decides whether a clause goes with the one before.
type sketch struct {
	judges bool  // it has words that praise or blame
	names  bool  // it has words that name an aspect
	within int32 // its segment
}

// maxClauses bounds the clauses of a segment.
const maxClauses = 5

// divide joins clauses to segments: those that name something to those that judge it, and those that judge without naming to the ones before.
func (r *Reader) divide() {
	d := r.d
	if cap(r.sketches) < len(d.Clauses) {
		r.sketches = make([]sketch, len(d.Clauses)+len(d.Clauses)/2)
		r.segments = make([]segment, len(d.Clauses)+len(d.Clauses)/2)
	}
	r.sketches, r.segments = r.sketches[:len(d.Clauses)], r.segments[:0]
	clear(r.sketches)
	for i := range r.hits.Polarity {
		if h := &r.hits.Polarity[i]; h.Kind == lexicon.Polar && h.Value != 0 {
			r.sketches[d.Tokens[h.First].Clause].judges = true
		}
	}
	for i := range r.hits.Aspects {
		if h := &r.hits.Aspects[i]; h.Aspect < lexicon.Fixed {
			k := &r.sketches[d.Tokens[h.First].Clause]
			k.names = true
			k.judges = k.judges || h.Implied != 0
		}
	}
	var judges, names bool
	clauses := 0
	for i := range d.Clauses {
		c, k := &d.Clauses[i], &r.sketches[i]
		if i == 0 || c.Start || c.Link == text.Contrast || clauses == maxClauses || judges && names && k.names {
			r.segments = append(r.segments, segment{first: c.First, link: c.Link, start: c.Start})
			judges, names, clauses = false, false, 0
		}
		s := &r.segments[len(r.segments)-1]
		s.last = c.Last
		s.question, s.wish = s.question || c.Question, s.wish || c.Wish
		judges, names = judges || k.judges, names || k.names
		clauses++
		k.within = int32(len(r.segments) - 1) //nolint:gosec // of one comment
	}
}
