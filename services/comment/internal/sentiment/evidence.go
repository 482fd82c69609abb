package sentiment

import (
	"math"

	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// What the second stage weighs, in the order of its inputs.
const (
	onNegative = iota // what the features say of each class, about their mean
	onNeutral
	onPositive
	onMixed
	clauseBest    // the clause that praises most
	clauseWorst   // the clause that blames most
	clauseLast    // the last clause
	clauseAgainst // praise and blame in different clauses, the weaker of both
	beforeTurn    // before the last contrast
	afterTurn     // after it
	wordsGood     // what the lexicon praises
	wordsBad      // and blames
	wordsBest
	wordsWorst
	wordsAgainst // both, the weaker
	wordsLast    // the last word that it knows
	wordsBefore  // before the last contrast
	wordsAfter   // after it
	wordsClauses // praise and blame in different clauses
	wordsKnown   // share of words that it knows
	emojiGood
	emojiBad
	negations
	contrasts
	questions // share of clauses that ask
	wishes    // share of clauses that wish
	asksGood  // a question with praise in it
	asksBad
	wishGood
	wishBad
	length // logarithm of the number of words
	brief  // two words at most
	exclaims
	shouts // words in capitals or drawn out
	numbers
	tags // @ # and addresses: a short message in public
	dots // trails off
	inRussian
	inEnglish
	inKyrgyz
	always

	inputs
)

// Inputs is how many numbers the second stage weighs.
const Inputs = inputs

// Evidence is what the second stage weighs of a text or a part of it.
type Evidence [Inputs]float32

// per is the number of features that a score is set in proportion to, so that a long text is not surer than it should be
// and a short one not too sure.
func per(features int32) float32 { return 1 / float32(math.Sqrt(float64(features)+24)) }

// score is what the features of some tokens say, each class about the mean of all.
type score [linear.Lanes]float32

func (r *Reader) between(first, last int32) (s score) {
	a, b := &r.prefix[first], &r.prefix[last]
	k := r.scale * per(b.features-a.features)
	var mean float32
	for c := range s {
		s[c] = float32(b.sum[c]-a.sum[c]) * k
		mean += s[c]
	}
	mean /= linear.Lanes
	for c := range s {
		s[c] -= mean
	}
	return s
}

// gather fills e with the evidence of the tokens [first, last).
func (r *Reader) gather(first, last int32, e *Evidence) {
	*e = Evidence{}
	s := r.between(first, last)
	e[onNegative], e[onNeutral], e[onPositive], e[onMixed] = s[Negative], s[Neutral], s[Positive], s[Mixed]
	t := r.tally(first, last)
	r.clauses(first, last, e, &t)
	r.lexical(first, last, e, &t)
	words := float32(max(t.words, 1))
	e[length] = float32(math.Log(float64(words))) / 3
	if t.words <= 2 {
		e[brief] = 1
	}
	e[wordsKnown] = min(float32(t.hits)/words, 1)
	e[exclaims] = min(float32(t.exclaims)/2, 1)
	e[shouts] = min(float32(t.shouts)/words, 1)
	e[numbers] = min(float32(t.numbers)/words, 1)
	e[tags] = min(float32(t.tags), 2) / 2
	e[dots] = min(float32(t.dots), 1)
	e[inRussian+int(r.head)] = 1
	e[always] = 1
}

// tally counts tokens of a part.
type tally struct {
	words, hits, exclaims, shouts, numbers, tags, dots int32
	turn                                               int32 // where the last contrast begins, or -1
}

func (r *Reader) tally(first, last int32) tally {
	t := tally{turn: -1}
	d := r.d
	for i := first; i < last; i++ {
		k := &d.Tokens[i]
		switch k.Kind {
		case text.Word:
			t.words++
			if k.Flags&(text.Upper|text.Elongated) != 0 {
				t.shouts++
			}
		case text.Number:
			t.numbers++
		case text.Mark, text.Symbol:
			switch d.Folded[k.From] {
			case '!':
				t.exclaims++
			case '@', '#':
				t.tags++
			case '.':
				if k.To-k.From > 1 {
					t.dots++
				}
			}
		case text.Emoji:
		}
	}
	return t
}

// clauses weighs what the features say clause by clause.
func (r *Reader) clauses(first, last int32, e *Evidence, t *tally) {
	if first >= last {
		return
	}
	d := r.d
	var best, worst, latest float32
	var count, asks, wish, turns float32
	for k := d.Tokens[first].Clause; k <= d.Tokens[last-1].Clause; k++ {
		c := &d.Clauses[k]
		from, to := max(c.First, first), min(c.Last, last)
		s := r.between(from, to)
		tone := s[Positive] - s[Negative]
		best, worst, latest = max(best, tone), min(worst, tone), tone
		count++
		if c.Question {
			asks++
		}
		if c.Wish {
			wish++
		}
		if c.Link == text.Contrast && c.First > first {
			turns++
			t.turn = c.First
		}
	}
	e[clauseBest], e[clauseWorst], e[clauseLast] = best, worst, latest
	e[clauseAgainst] = min(best, -worst)
	if t.turn >= 0 {
		a, b := r.between(first, t.turn), r.between(t.turn, last)
		e[beforeTurn], e[afterTurn] = a[Positive]-a[Negative], b[Positive]-b[Negative]
	}
	e[contrasts] = min(turns, 2) / 2
	e[questions] = asks / count
	e[wishes] = wish / count
}
