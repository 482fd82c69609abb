package language

import (
	"math"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// word is a word of the text under study.
type word struct {
	token int32
	z     scores
	z3    [states]float32 // what it brings to each state
	best  [states]state   // for the way back: the state before, by state
	state state
	shows bool // it cannot be but of its language
}

// Identify tells the language of a document and gives its words of Latin Kyrgyz and Russian their Cyrillic folded form.
//
// What holds no two letters of one of our alphabets (digits, emoji, a single letter, other scripts) is Unknown.
func (m *Model) Identify(d *text.Document, r *Result) {
	r.Label, r.Probability, r.Mixed = Unknown, 0, false
	r.Spans, r.words = r.Spans[:0], r.words[:0]
	var s scan
	var sum [lanes]int64
	foreign, letters := 0, 0
	for i := range d.Tokens {
		t := &d.Tokens[i]
		if t.Kind != text.Word {
			continue
		}
		if t.Script == text.Other {
			foreign += int(t.End - t.Start)
			continue
		}
		letters += int(t.End - t.Start)
		w := word{token: int32(i), z: m.score(d.Lowered(i), &s)}
		for k, v := range w.z {
			sum[k] += int64(v)
		}
		r.words = append(r.words, w)
	}
	if len(r.words) == 0 || foreign > letters || !r.spelled(d) || garbled(d.Source, letters) {
		return
	}
	r.Label, r.Probability = m.decide(&sum)
	if len(r.words) <= few && (r.Label == Kk || r.Label == OthCyr || r.Label == OthLat) && !r.strange(d) {
		m.expect(&sum)
		r.Label, r.Probability = m.decide(&sum)
	}
	if r.Probability < 0.5 && numeric(d, letters) {
		r.Label, r.Probability = Unknown, 0
		return
	}
	if len(r.words) <= 2 && r.Probability < unsure && (r.Label == Kk || r.Label == OthCyr) {
		r.near(d)
	}
	m.mix(d, r)
	m.reread(d, r)
}

// unsure is below which probability a text of a word or two is taken for what customers of ours write ("тез", "супер"), though a
// neighbouring language has the words as well.
const unsure = 0.75

// near takes a text for Kyrgyz or Russian if all of its words are known in one of them.
func (r *Result) near(d *text.Document) {
	label := Ru
	for i := range r.words {
		switch h := hints[string(d.Word(int(r.words[i].token)))]; {
		case h&isKyrgyz != 0:
			label = Ky
		case h&(isBorrowed|isRussian) == 0:
			return
		}
	}
	r.Label = label
}

// decide takes the label with the highest sum, and its share.
func (m *Model) decide(sum *[lanes]int64) (Label, float32) {
	best := 0
	for k, v := range sum {
		if v > sum[best] {
			best = k
		}
	}
	total := 0.0
	for _, v := range sum {
		if x := float64(v-sum[best]) * float64(m.scale) * float64(m.sharp); x > -12 {
			total += math.Exp(x)
		}
	}
	return Label(best + 1), float32(1 / total)
}
