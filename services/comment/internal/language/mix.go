package language

import "github.com/otklik/otklik/services/comment/internal/text"

// state is a language that a word can be of within a mixed text.
type state uint8

const (
	kyrgyz state = iota // or Kazakh
	russian
	english
	states
)

// What the words of a mixed text weigh, in the model's logarithms of odds.
const (
	most      = 6.0 // that one word counts
	borrows   = 0.8 // that a borrowed word counts
	turn      = 1.5 // what going over to another language costs within a clause
	over      = 0.8 // and between clauses
	enough    = 3.3 // what words of the lesser language must bring together
	foreigner = 4.0 // the same, where it is the rarer: Kyrgyz in Russian, anything in English
	tells     = 3.5 // what a word of the lists brings at least
	certain   = 2.2 // what one word must bring to count among them
	alphabet  = 8.0 // what a word in letters of another alphabet loses
)

// mix finds which words are of which language and whether there are two. Each word brings its logarithms of odds from the model;
// the most likely way through the words is found, going over costing something (Viterbi).
func (m *Model) mix(d *text.Document, r *Result) {
	whole := func(l Label) {
		first, last := &d.Tokens[r.words[0].token], &d.Tokens[r.words[len(r.words)-1].token]
		r.Spans = append(r.Spans[:0], Span{Start: first.Start, End: last.End, Label: l})
	}
	if r.Label == OthLat || len(r.words) < 2 || r.Label == OthCyr && !m.both(r) {
		whole(r.Label)
		return
	}
	if !m.doubtful(d, r) {
		whole(r.Label)
		return
	}
	m.weigh(d, r)
	follow(d, r.words)
	var sums [states]float32
	var shown [states]bool
	native := false // words in Cyrillic letters
	for i := range r.words {
		w := &r.words[i]
		gain := w.gain()
		if gain >= certain {
			sums[w.state] += gain
		}
		native = native || d.Tokens[w.token].Script == text.Cyrillic
		shown[w.state] = shown[w.state] || w.shows
	}
	main := stateOf(r.Label)
	for s := range states {
		if sums[s] > sums[main] {
			main = s
		}
	}
	for s := range states {
		need := float32(enough)
		switch {
		case shown[s]:
		case main == english && native:
			need = certain // no Cyrillic word is English
		case main == english && r.Label == En:
			need = 2 * foreigner
		case main == russian && s == kyrgyz || r.Label == KyLat:
			need = foreigner
		}
		if s != main && sums[s] >= need && sums[main] >= enough {
			r.Mixed = true
		}
	}
	if !r.Mixed {
		whole(r.Label)
		return
	}
	m.spans(d, r)
}

// doubtful says whether the words that fit another language better bring so much that looking closer is worth it.
func (m *Model) doubtful(d *text.Document, r *Result) bool {
	var against int64 // of all words of the text, which may be many
	own := stateOf(r.Label)
	for i := range r.words {
		z := &r.words[i].z
		all := [states]int32{max(z[Ky-1], z[Kk-1]), z[Ru-1], -1 << 20}
		if d.Tokens[r.words[i].token].Script == text.Latin {
			all = [states]int32{z[KyLat-1], z[RuLat-1], z[En-1]}
		}
		against += int64(max(all[0], all[1], all[2]) - all[own])
	}
	return float32(against)*m.scale > enough/2
}

// both says whether the words of a text, each taken as Kyrgyz or Russian, fit better than all of them taken as another Cyrillic
// language: a mixture of the two resembles one that is near to both.
func (m *Model) both(r *Result) bool {
	var one, two int64
	fits := 0
	for i := range r.words {
		z := &r.words[i].z
		one += int64(z[OthCyr-1])
		two += int64(max(z[Ky-1], z[Kk-1], z[Ru-1]))
		if z[OthCyr-1] > max(z[Ky-1], z[Kk-1], z[Ru-1]) {
			fits++
		}
	}
	return float32(two-one)*m.scale > enough && fits*4 < len(r.words)
}

// gain is how much better the word's state is than the next.
func (w *word) gain() float32 {
	next := float32(-1e9)
	for s := range states {
		if s != w.state {
			next = max(next, w.z3[s])
		}
	}
	return w.z3[w.state] - next
}

// weigh gives each word what it brings to each state.
func (m *Model) weigh(d *text.Document, r *Result) {
	cyrillic := 0
	for i := range r.words {
		if d.Tokens[r.words[i].token].Script == text.Cyrillic {
			cyrillic++
		}
	}
	mostly := cyrillic*2 >= len(r.words)
	for i := range r.words {
		w := &r.words[i]
		t := &d.Tokens[w.token]
		limit := float32(most)
		form := d.Word(int(w.token))
		h := hint(0)
		if len(form) <= 32 {
			h = hints[string(form)]
		}
		if h&(isBorrowed|isNamed) != 0 {
			limit = borrows
		}
		z := func(l Label) float32 { return float32(w.z[l-1]) * m.scale }
		if t.Script == text.Cyrillic {
			w.z3 = [states]float32{max(z(Ky), z(Kk)), z(Ru), 0}
			switch {
			case h&isRussian != 0:
				w.z3[russian] = max(w.z3[russian], w.z3[kyrgyz]+tells)
			case h&isKyrgyz != 0:
				w.z3[kyrgyz] = max(w.z3[kyrgyz], w.z3[russian]+tells)
				w.shows = true
			case t.Flags&(text.Capital|text.Sentence|text.Upper) == text.Capital,
				t.Flags&(text.Capital|text.Upper) == text.Capital && r.Label == Ru && w.z3[kyrgyz] > w.z3[russian]:
				limit = borrows // a name
			case limit == most && inflected(form):
				w.z3[russian] = max(w.z3[russian], w.z3[kyrgyz]+tells)
			}
			w.z3[english] = min(w.z3[kyrgyz], w.z3[russian]) - alphabet
			clip(&w.z3, limit)
			continue
		}
		w.z3 = [states]float32{z(KyLat), z(RuLat), z(En)}
		switch {
		case h&isRussian != 0 && r.Label != En:
			w.z3[russian] = max(w.z3[russian], w.z3[kyrgyz]+tells)
			w.shows = true
		case h&isKyrgyz != 0:
			w.z3[kyrgyz] = max(w.z3[kyrgyz], w.z3[russian], w.z3[english]) + tells
			w.shows = true
		case r.Label == En, h&isEnglish != 0 && !(mostly && name(d, r, i)):
		case mostly && t.Flags&text.Capital == 0 && max(z(KyLat), z(RuLat)) > max(z(En), z(OthLat))+certain:
		case mostly && t.Flags&text.Capital == 0 && h&isNamed == 0 && latin(d, r, i):
		default:
			// What is English only by its letters is a name.
			if w.z3[english] = min(w.z3[english], w.z3[kyrgyz], w.z3[russian]); mostly {
				limit = 0
			}
		}
		clip(&w.z3, limit)
	}
}

// inflections are endings of Russian words that no Kyrgyz word has.
var inflections = [...]string{"ая", "яя", "ое", "ее", "ые", "ого", "его", "ный", "вый", "рый", "лый", "кий", "ший", "щий", "ть", "ешь", "ишь", "лся", "лась", "лось", "лись"}

// inflected says whether a word of four letters or more has one of them.
func inflected(form []byte) bool {
	if len(form) < 8 {
		return false
	}
	switch form[len(form)-1] {
	case 0x8f, 0xb5, 0xbe, 0xb9, 0x8c: // я е о й ь
	default:
		return false
	}
	for _, end := range inflections {
		if len(form) > len(end) && string(form[len(form)-len(end):]) == end {
			return true
		}
	}
	return false
}

// name says whether a Latin word is, or stands beside, one with a capital letter within a sentence: "Mall of America".
func name(d *text.Document, r *Result, i int) bool {
	for k := max(0, i-1); k < min(i+2, len(r.words)); k++ {
		t := &d.Tokens[r.words[k].token]
		if r.words[k].token == r.words[i].token+int32(k-i) && t.Script == text.Latin && t.Flags&(text.Capital|text.Sentence|text.Upper) == text.Capital {
			return true
		}
	}
	return false
}

// latin says whether the word beside a Latin word is Latin and in small letters too: together they are rather speech than a name.
func latin(d *text.Document, r *Result, i int) bool {
	for _, k := range [...]int{i - 1, i + 1} {
		if k < 0 || k >= len(r.words) || r.words[k].token != r.words[i].token+int32(k-i) {
			continue
		}
		t := &d.Tokens[r.words[k].token]
		if t.Script == text.Latin && t.Flags&text.Capital == 0 && hints[string(d.Word(int(r.words[k].token)))]&isNamed == 0 {
			return true
		}
	}
	return false
}

// clip holds the differences between what a word brings within a limit.
func clip(z *[states]float32, limit float32) {
	top := max(z[0], z[1], z[2])
	for s := range z {
		z[s] = max(z[s]-top, -limit)
	}
}

// follow finds the most likely states.
func follow(d *text.Document, words []word) {
	var best [states]float32
	for i := range words {
		w := &words[i]
		cost := float32(turn)
		if i > 0 && d.Tokens[w.token].Clause != d.Tokens[words[i-1].token].Clause {
			cost = over
		}
		var next [states]float32
		for s := range states {
			from := s
			for p := range states {
				if p != s && best[p]-cost > best[from]-stay(from, s, cost) {
					from = p
				}
			}
			w.best[s] = from
			next[s] = best[from] - stay(from, s, cost) + w.z3[s]
		}
		best = next
	}
	last := state(0)
	for s := range states {
		if best[s] > best[last] {
			last = s
		}
	}
	for i := len(words) - 1; i >= 0; i-- {
		words[i].state = last
		last = words[i].best[last]
	}
}

func stay(from, to state, cost float32) float32 {
	if from == to {
		return 0
	}
	return cost
}

func stateOf(l Label) state {
	switch l {
	case Ru, RuLat:
		return russian
	case En:
		return english
	}
	return kyrgyz
}

// spans writes the stretches of a mixed text and takes the label of the one with most words.
func (m *Model) spans(d *text.Document, r *Result) {
	var turkic [lanes]int64
	var count [Labels]int
	for i := range r.words {
		if w := &r.words[i]; w.state == kyrgyz {
			for k, v := range w.z {
				turkic[k] += int64(v)
			}
		}
	}
	kazakh := float64(turkic[Kk-1]-turkic[Ky-1])*float64(m.scale) > rareMixed || turkic[Kk-1] > turkic[Ky-1] && r.strange(d)
	r.Spans = r.Spans[:0]
	for i := range r.words {
		w := &r.words[i]
		t := &d.Tokens[w.token]
		l := En
		switch {
		case w.state == kyrgyz && t.Script == text.Latin:
			l = KyLat
		case w.state == kyrgyz && kazakh:
			l = Kk
		case w.state == kyrgyz:
			l = Ky
		case w.state == russian && t.Script == text.Latin:
			l = RuLat
		case w.state == russian:
			l = Ru
		}
		count[l]++
		if n := len(r.Spans); n > 0 && r.Spans[n-1].Label == l {
			r.Spans[n-1].End = t.End
			continue
		}
		r.Spans = append(r.Spans, Span{Start: t.Start, End: t.End, Label: l})
	}
	top := Unknown
	for l := range count {
		if count[l] > count[top] {
			top = Label(l)
		}
	}
	if (r.Label == Kk || r.Label == OthCyr) && top != r.Label {
		r.Label, r.Probability = top, float32(count[top])/float32(len(r.words))
	}
}
