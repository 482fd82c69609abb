package sentiment

import (
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/text"
)

const (
	loud       = 1.2  // what capitals and drawn out letters do to a word
	deniedGood = -0.7 // what a negation does: "not good" is bad,
	deniedBad  = -0.4 // "not bad" good, but less so
)

// words adds up what the lexicon found.
type words struct {
	good, bad, best, worst, last float32
	before, after                float32 // the last contrast
	asked, askedBad              float32 // in questions
	wished, wishedBad            float32 // in wishes
	emojiGood, emojiBad          float32
	clause                       float32 // of one clause, and the best and the worst of those before
	clauseBest, clauseWorst      float32
	current                      int32
	denied                       float32
}

// lexical weighs what the lexicon found.
func (r *Reader) lexical(first, last int32, e *Evidence, t *tally) {
	w := words{current: -1}
	boost, until := float32(1), int32(-1)
	var waiting *lexicon.Hit // until it is known that no longer one overlaps it
	waitingBoost := float32(1)
	for i := range r.hits {
		h := &r.hits[i]
		if h.First < first {
			continue
		}
		if h.First >= last {
			break
		}
		switch h.Kind {
		case lexicon.Boost:
			boost, until = h.Value, h.Last+1
		case lexicon.Negate:
			w.denied++
		case lexicon.Polar:
			if waiting != nil && h.First < waiting.Last && h.Last-h.First < waiting.Last-waiting.First {
				continue
			}
			if waiting != nil && h.First >= waiting.Last {
				r.weigh(waiting, waitingBoost, t, &w)
			}
			waiting, waitingBoost = h, 1
			if h.First <= until {
				waitingBoost = boost
			}
			until = -1
		default:
		}
	}
	if waiting != nil {
		r.weigh(waiting, waitingBoost, t, &w)
	}
	w.close()
	w.tell(e)
}

// weigh adds one word or phrase.
func (r *Reader) weigh(h *lexicon.Hit, boost float32, t *tally, w *words) {
	k := &r.d.Tokens[h.First]
	v := h.Value * boost
	if k.Flags&(text.Upper|text.Elongated) != 0 {
		v *= loud
	}
	if k.Flags&text.Negated != 0 {
		if v > 0 {
			v *= deniedGood
		} else {
			v *= deniedBad
		}
	}
	t.hits++
	if k.Clause != w.current {
		w.close()
		w.current = k.Clause
	}
	w.clause += v
	if t.turn >= 0 && h.First >= t.turn {
		w.after += v
	} else if t.turn >= 0 {
		w.before += v
	}
	if v != 0 {
		w.last = v
	}
	w.add(v, &r.d.Clauses[k.Clause], k.Kind == text.Emoji)
}

func (w *words) add(v float32, c *text.Clause, emoji bool) {
	if v > 0 {
		w.good += v
		w.best = max(w.best, v)
		if c.Question {
			w.asked += v
		}
		if c.Wish {
			w.wished += v
		}
		if emoji {
			w.emojiGood += v
		}
		return
	}
	w.bad -= v
	w.worst = min(w.worst, v)
	if c.Question {
		w.askedBad -= v
	}
	if c.Wish {
		w.wishedBad -= v
	}
	if emoji {
		w.emojiBad -= v
	}
}

// close ends a clause.
func (w *words) close() {
	w.clauseBest, w.clauseWorst = max(w.clauseBest, w.clause), min(w.clauseWorst, w.clause)
	w.clause = 0
}

func (w *words) tell(e *Evidence) {
	e[wordsGood], e[wordsBad] = squash(w.good), squash(w.bad)
	e[wordsBest], e[wordsWorst], e[wordsLast] = w.best/3, w.worst/3, w.last/3
	e[wordsAgainst] = squash(min(w.good, w.bad))
	e[wordsBefore], e[wordsAfter] = clamp(w.before/3), clamp(w.after/3)
	e[wordsClauses] = squash(min(w.clauseBest, -w.clauseWorst))
	e[emojiGood], e[emojiBad] = squash(w.emojiGood), squash(w.emojiBad)
	e[negations] = min(w.denied, 3) / 3
	e[asksGood], e[asksBad] = squash(w.asked), squash(w.askedBad)
	e[wishGood], e[wishBad] = squash(w.wished), squash(w.wishedBad)
}

// squash keeps sums of the lexicon within 0 and 1.
func squash(x float32) float32 { return x / (x + 3) }

func clamp(x float32) float32 { return min(max(x, -1.5), 1.5) }
