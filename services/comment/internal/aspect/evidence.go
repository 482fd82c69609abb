package aspect

import (
	"math"

	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Lanes of the first stage: the fixed aspects as customers speak of them, twelve of them as reviews do, then these.
const (
	Tone  = 27 // negative, neutral, positive
	Trade = 30 // spoken of as reviews of goods, food and hotels speak
	Lanes = 32
)

// lanes are those of the aspects, by kind of comment. Reviews have no words of their own for waiting, apps and what was forgotten.
var lanes = [Kinds][Fixed]uint8{
	Told:       {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14},
	ToldKyrgyz: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14},
	Reviewed:   {15, 16, 17, 18, 19, 20, 6, 7, 21, 22, 23, 24, 25, 13, 26},
}

// Lane returns the lane of an aspect in comments of a kind, for the trainer.
func Lane(kind int, id ID) int { return int(lanes[kind][id]) }

// What the detecting network weighs of a comment: four numbers of each aspect, then what is common to all.
const (
	inWhole  = iota * Fixed // what the features of the whole comment say
	inClause                // of the clause that says it most
	inNamed                 // words of the lexicon that name it
	inMeant                 // words that name it and judge it, and phrases
	common
)

const (
	inLength = common + iota
	inClauses
	inQuestion
	inWish
	inContrast
	inGood
	inBad
	inEmoji
	inTrade
	inTone
	inOthers // words of the lexicon that name any aspect
	inNone   // there are none
	inRussian
	inEnglish
	inKyrgyz
	inAlways

	// Inputs is how many there are.
	Inputs
)

// What the judging network weighs of an aspect in a comment.
const (
	onNegative = iota // the clauses of the evidence
	onNeutral
	onPositive
	onWholeNegative // the whole comment
	onWholeNeutral
	onWholePositive
	onImpliedGood // what the words of the aspect say by themselves
	onImpliedBad
	onGood // words of the lexicon in the clause
	onBad
	onNextGood // the same of the clause that follows, where nothing divides them
	onNextBad
	onNextTone
	onNextAnd
	onLastGood // and of the one before
	onLastBad
	onLastTone
	onBlank // the clause has no words that praise or blame
	onBrief // one or two words
	onWholeGood
	onWholeBad
	onQuestion
	onWish
	onAlone    // the only clause
	onContrast // it contrasts with the one before
	onForgotten
	onPrice
	onWait
	onGeneral
	onStaff
	onKyrgyz
	onRussian
	onAlways

	// Judged is how many there are.
	Judged
)

// Gathered is what is weighed of a comment.
type Gathered [Inputs]float32

// Judgement is what is weighed of an aspect in a comment.
type Judgement [Judged]float32

// per sets sums in proportion to the number of features, so that long texts are not too sure.
func per(features int32) float32 { return 1 / float32(math.Sqrt(float64(features)+24)) }

func squash(x float32) float32 { return x / (x + 2) }

// prepare divides a comment into segments and sums up each, and the whole.
func (r *Reader) prepare() {
	r.divide()
	r.whole = segment{}
	for i := range r.segments {
		k := &r.segments[i]
		of := r.features.Between(int(k.first), int(k.last))
		k.features = int32(len(of)) //nolint:gosec // of one comment
		r.model.table.add(of, &k.sum)
		r.whole.features += k.features
		for l, v := range k.sum {
			r.whole.sum[l] += v
		}
	}
	r.lexical()
}

// lexical adds what the lexicon found to the clauses.
func (r *Reader) lexical() {
	d := r.d
	boost, until := float32(1), int32(-1)
	for i := range r.hits.Polarity {
		h := &r.hits.Polarity[i]
		if h.Kind == lexicon.Boost {
			boost, until = h.Value, h.Last+1
		}
		if h.Kind != lexicon.Polar {
			continue
		}
		v := h.Value
		if h.First <= until {
			v *= boost
		}
		until = -1
		t := &d.Tokens[h.First]
		if t.Flags&text.Negated != 0 && v > 0 {
			v *= -0.7
		} else if t.Flags&text.Negated != 0 {
			v *= -0.4
		}
		k := &r.segments[r.sketches[t.Clause].within]
		if t.Kind == text.Emoji {
			r.emoji += v
		}
		if v > 0 {
			k.good += v
			r.whole.good += v
		} else {
			k.bad -= v
			r.whole.bad -= v
		}
	}
	from := 0
	for i := range r.hits.Aspects {
		h := &r.hits.Aspects[i]
		if h.Aspect >= lexicon.Fixed {
			continue
		}
		t := &d.Tokens[h.First]
		k := &r.segments[r.sketches[t.Clause].within]
		for from < len(r.hits.Polarity) && r.hits.Polarity[from].First < h.First {
			from++
		}
		implied, relied := r.implies(h, from)
		if relied {
			k.relied[h.Aspect] += int32(implied)
			r.whole.relied[h.Aspect] += int32(implied)
		}
		for _, k := range [2]*segment{k, &r.whole} {
			if h.Implied == 0 && h.Last == h.First+1 {
				add(&k.named[h.Aspect])
			} else {
				add(&k.meant[h.Aspect])
			}
			if implied > 0 {
				add(&k.plus[h.Aspect])
			} else if implied < 0 {
				add(&k.less[h.Aspect])
			}
		}
	}
}

func add(n *uint8) {
	if *n < 100 {
		*n++
	}
}

// share is count words of the lexicon as an input.
func share(count uint8) float32 {
	switch count {
	case 0:
		return 0
	case 1:
		return 1
	default:
		return 1.4
	}
}

// gather fills g with what the detecting network of a kind weighs.
func (r *Reader) gather(kind int, g *Gathered) {
	*g = Gathered{}
	of := &lanes[kind]
	w := &r.whole
	scale := r.model.scale * per(w.features)
	others := 0
	for a := range Fixed {
		z := float32(w.sum[of[a]]) * scale
		g[inWhole+a], g[inClause+a] = z, z
		g[inNamed+a], g[inMeant+a] = share(w.named[a]), share(w.meant[a])
		if w.named[a]+w.meant[a] > 0 {
			others++
		}
	}
	if len(r.segments) > 1 {
		for i := range r.segments {
			k := &r.segments[i]
			scale := r.model.scale * per(k.features)
			for a := range Fixed {
				if z := float32(k.sum[of[a]]) * scale; i == 0 || z > g[inClause+a] {
					g[inClause+a] = z
				}
			}
		}
	}
	var asks, wish, turns float32
	for i := range r.segments {
		c := &r.segments[i]
		if c.question {
			asks++
		}
		if c.wish {
			wish++
		}
		if c.link == text.Contrast {
			turns = 1
		}
	}
	n := float32(max(len(r.segments), 1))
	g[inLength] = float32(math.Log(float64(len(r.d.Tokens)+1))) / 3
	g[inClauses] = min(n, 6) / 6
	g[inQuestion], g[inWish], g[inContrast] = asks/n, wish/n, turns
	g[inGood], g[inBad] = squash(w.good), squash(w.bad)
	if r.emoji != 0 {
		g[inEmoji] = 1
	}
	g[inTrade] = r.trade()
	g[inTone] = float32(w.sum[Tone+2]-w.sum[Tone]) * scale
	g[inOthers] = float32(min(others, 4)) / 2
	if others == 0 {
		g[inNone] = 1
	}
	g[inRussian+int(r.head)] = 1
	g[inAlways] = 1
}

// speaks says how much segment i speaks of an aspect.
func (r *Reader) speaks(i, a int) float32 {
	k := &r.segments[i]
	return float32(k.sum[lanes[r.kind][a]])*r.model.scale*per(k.features) + share(k.named[a]) + 1.5*share(k.meant[a])
}

// judge fills j with what the judging network weighs of an aspect by clause i.
func (r *Reader) judge(i, a int, j *Judgement) {
	*j = Judgement{}
	k, w := &r.segments[i], &r.whole
	r.toned(j[onNegative:], k)
	r.toned(j[onWholeNegative:], w)
	j[onImpliedGood], j[onImpliedBad] = share(k.plus[a]), share(k.less[a])
	j[onGood], j[onBad] = squash(k.good), squash(k.bad)
	if i+1 < len(r.segments) && joined(&r.segments[i+1]) {
		n := &r.segments[i+1]
		j[onNextGood], j[onNextBad], j[onNextTone] = squash(n.good), squash(n.bad), r.tone(n)
		if n.link == text.And {
			j[onNextAnd] = 1
		}
	}
	if i > 0 && joined(k) {
		n := &r.segments[i-1]
		j[onLastGood], j[onLastBad], j[onLastTone] = squash(n.good), squash(n.bad), r.tone(n)
	}
	if k.good+k.bad == 0 && k.plus[a]+k.less[a] == 0 {
		j[onBlank] = 1
	}
	if k.last-k.first <= 2 {
		j[onBrief] = 1
	}
	j[onWholeGood], j[onWholeBad] = squash(w.good), squash(w.bad)
	if k.question {
		j[onQuestion] = 1
	}
	if k.wish {
		j[onWish] = 1
	}
	if len(r.segments) == 1 {
		j[onAlone] = 1
	}
	if k.link == text.Contrast {
		j[onContrast] = 1
	}
	switch ID(a) { //nolint:gosec // below Fixed
	case Forgotten:
		j[onForgotten] = 1
	case Price:
		j[onPrice] = 1
	case Wait:
		j[onWait] = 1
	case General:
		j[onGeneral] = 1
	case Staff:
		j[onStaff] = 1
	}
	switch r.head {
	case sentiment.Kyrgyz:
		j[onKyrgyz] = 1
	case sentiment.Russian:
		j[onRussian] = 1
	}
	j[onAlways] = 1
}

// joined tells whether a clause goes on with what the one before says.
func joined(k *segment) bool { return !k.start && k.link != text.Contrast }

// tone is what the features of a clause say of its tone, as one number.
func (r *Reader) tone(k *segment) float32 {
	return float32(k.sum[Tone+2]-k.sum[Tone]) * r.model.scale * per(k.features)
}

// trade is how much the comment speaks as reviews do.
func (r *Reader) trade() float32 {
	return float32(r.whole.sum[Trade]) * r.model.scale * per(r.whole.features)
}

// toned writes what the features of a clause say of its tone, about the mean.
func (r *Reader) toned(out []float32, k *segment) {
	s := r.model.scale * per(k.features)
	a, b, c := float32(k.sum[Tone])*s, float32(k.sum[Tone+1])*s, float32(k.sum[Tone+2])*s
	mean := (a + b + c) / 3
	out[0], out[1], out[2] = a-mean, b-mean, c-mean
}
