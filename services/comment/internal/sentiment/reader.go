package sentiment

import (
	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// unsure divides the logits of what no head was made for.
const unsure = 3

// so far, at one token.
type sofar struct {
	sum      [linear.Lanes]int32
	features int32
}

// Reader reads comments with a model, one at a time.
type Reader struct {
	model  *Model
	d      *text.Document
	hits   []lexicon.Hit
	prefix []sofar // before each token, and after the last
	head   Head
	known  bool
	scale  float32
}

// NewReader returns a reader of its own buffers.
func (m *Model) NewReader() *Reader { return &Reader{model: m} }

// Read tells the sentiment of a comment whose features were read and whose negations were marked. Until the next Read, Span tells that of its parts.
func (r *Reader) Read(d *text.Document, label language.Label, features *feature.Buffer, hits []lexicon.Hit) Result {
	head, known := HeadOf(label)
	r.Prepare(d, head, features, hits)
	r.known = known
	return r.Span(0, len(d.Tokens))
}

// Prepare adds up what the features of a comment say, for a head.
func (r *Reader) Prepare(d *text.Document, head Head, features *feature.Buffer, hits []lexicon.Hit) {
	h := &r.model.heads[head]
	r.d, r.hits, r.head, r.known, r.scale = d, hits, head, true, h.scale
	if need := len(d.Tokens) + 1; cap(r.prefix) < need {
		r.prefix = make([]sofar, need+need/2)
	}
	r.prefix = r.prefix[:len(d.Tokens)+1]
	var at sofar
	r.prefix[0] = at
	for i := range d.Tokens {
		of := features.Of(i)
		sum := h.table.Four(of)
		for c := range sum {
			at.sum[c] += sum[c]
		}
		at.features += int32(len(of)) //nolint:gosec // of one comment
		r.prefix[i+1] = at
	}
}

// Evidence returns what the second stage weighs of the tokens [first, last).
func (r *Reader) Evidence(first, last int) (e Evidence) {
	r.gather(int32(first), int32(last), &e) //nolint:gosec // tokens of a comment
	return e
}

// Span tells the sentiment of the tokens [first, last) of the comment that was read.
func (r *Reader) Span(first, last int) Result {
	first, last = max(first, 0), min(last, len(r.d.Tokens))
	if first >= last {
		return abstain
	}
	if first > 0 && r.turns(first) && first+1 < last {
		first++
	}
	var e Evidence
	r.gather(int32(first), int32(last), &e) //nolint:gosec // tokens of a comment
	h := &r.model.heads[r.head]
	z := r.model.network.weigh(&e)
	for c := range z {
		z[c] /= h.temperature
	}
	if !r.known && r.head != Kyrgyz && e[wordsKnown] == 0 {
		return abstain
	}
	if !r.known {
		for c := range z {
			z[c] /= unsure
		}
	}
	p := softmax(z)
	return Result{Class: Choose(p), Probabilities: p}
}

// turns says whether a token begins a clause that is set against the one before: the word that does so tells of both, not of the clause.
func (r *Reader) turns(token int) bool {
	c := &r.d.Clauses[r.d.Tokens[token].Clause]
	return int(c.First) == token && c.Link == text.Contrast
}

// abstain is the answer to what says nothing that could be read.
var abstain = Result{Class: Neutral, Probabilities: [Classes]float32{0.2, 0.4, 0.2, 0.2}}
