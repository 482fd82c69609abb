package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// initial says whether token i is a capital letter with a full stop behind it.
func (x *scanner) initial(i int) bool {
	if i+1 >= len(x.d.Tokens) {
		return false
	}
	t := &x.d.Tokens[i]
	n := t.End - t.Start
	return t.Kind == text.Word && t.Flags&text.Capital != 0 && (n == 1 || n == 2 && t.Script == text.Cyrillic) && x.is(i+1, '.') && !x.d.Tokens[i+1].Is(text.Spaced)
}

// initialsFirst reads «А. Б. Иванов».
func (x *scanner) initialsFirst(i int) int {
	if !x.initial(i) || i >= 2 && x.initial(i-2) { // Ф. И. О. are nobody's
		return i
	}
	k := i + 2
	if x.initial(k) {
		k += 2
	}
	if x.initial(k) {
		return i
	}
	if k >= len(x.d.Tokens) || x.d.Tokens[k].Kind != text.Word || !x.capital(k) || x.d.Tokens[k].End-x.d.Tokens[k].Start < 4 {
		return i
	}
	c := x.class(k) | x.shape(x.d.Word(k))
	if c&(families|likeFamily|likeWeak|steppe|given) == 0 || c&(never|place) != 0 && c&family == 0 {
		return i
	}
	return x.taken(i, Name, x.d.Tokens[i].Start, x.nameEnd(k))
}

// initialsBehind reads the «А. Б.» of «Иванов А. Б.» and the K. of «Sarah K.» and returns the token behind; k if there are none.
func (x *scanner) initialsBehind(k int, c class) int {
	if c&(persons|likeWeak) == 0 || !x.initial(k) || x.d.Tokens[k].Is(text.Line) {
		return k
	}
	k += 2
	if x.initial(k) && !x.d.Tokens[k].Is(text.Line) {
		k += 2
	}
	return k
}
