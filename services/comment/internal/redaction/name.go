package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// notNames are the classes of words that are taken as names only where a list says so.
const notNames = never | place | title | role | unit | brand | street | phone | order | behind | house | flat

// longestName is how many words a name has at most.
const longestName = 4

// name looks at a name that begins with the word i, which can be c.
func (x *scanner) name(i int, c class) int {
	t := &x.d.Tokens[i]
	capital := x.capital(i)
	if next := x.initialsFirst(i); next > i {
		return next
	}
	if x.thanksGod(i) {
		return i + 1
	}
	if c&(never|place|title) != 0 && c&given == 0 && (!capital || c&families == 0) || c&behind != 0 || x.digital(t) {
		return i + 1
	}
	if capital && c&(given|family) == 0 && c&notNames == 0 {
		c |= x.shapeOf(i)
	}
	if !capital && c&persons == 0 && x.last&(introduces|link) != 0 {
		if c = x.class(i); c&notNames == 0 {
			c |= x.shapeOf(i)
			if c&persons == 0 && x.presents(i) {
				c |= likeGiven
			}
		}
	}
	if !capital && c&persons == 0 || !capital && c&after != 0 && i+1 < len(x.d.Tokens) && x.capital(i+1) {
		return i + 1
	}
	left := x.leftOf(i)
	if left == spoilt {
		return x.over(i)
	}
	next, right := x.extend(i, c, left)
	if right&behind != 0 { // go on with the word that says so: it may be a street's
		return next
	}
	if !x.accept(i, c, left, right, capital) {
		return i + 1
	}
	return x.taken(i, Name, t.Start, x.nameEnd(next-1))
}

// nameEnd is where the last token of a name ends, without the English possessive.
func (x *scanner) nameEnd(i int) int32 {
	t := &x.d.Tokens[i]
	w := x.d.Word(i)
	if n := len(w); n > 3 && w[n-1] == 's' && w[n-2] == '\'' {
		s := x.s[t.Start:t.End]
		for k := len(s) - 2; k > 0 && k >= len(s)-4; k-- {
			if c := s[k]; c == '\'' || c == '`' || c >= 0xc0 {
				return t.Start + int32(k)
			}
		}
	}
	return t.End
}

// digital tells words with digits inside.
func (x *scanner) digital(t *text.Token) bool { return hasDigit(x.s[t.Start:t.End]) }

// capital says whether the capital of a word says anything: not in a text that is all capitals.
func (x *scanner) capital(i int) bool {
	t := &x.d.Tokens[i]
	if t.Flags&text.Capital == 0 {
		return false
	}
	if t.Flags&text.Upper == 0 {
		return true
	}
	return false
}

// over skips a name that is none of a person.
func (x *scanner) over(i int) int {
	for n := 0; n < longestName && i+1 < len(x.d.Tokens); n++ {
		t := &x.d.Tokens[i+1]
		if t.Kind != text.Word || t.Flags&text.Capital == 0 || t.Flags&text.Sentence != 0 {
			break
		}
		i++
	}
	return i + 1
}

// extend reads on from the first word of a name and returns the token behind the name and what speaks for it.
func (x *scanner) extend(i int, c class, left sided) (next int, right class) {
	lowerCase := !x.capital(i)
	k := i + 1
	for n := 1; n < longestName && k < len(x.d.Tokens); n++ {
		if m := x.initialsBehind(k, c|right); m > k {
			right |= likeFamily
			k = m
			if x.d.Tokens[i].Script == text.Latin { // John D. Smith
				continue
			}
			break
		}
		m := k
		hyphen := x.is(m, '-') && !x.d.Tokens[m].Is(text.Spaced) && m+1 < len(x.d.Tokens) && !x.d.Tokens[m+1].Is(text.Spaced)
		if hyphen {
			m++
		}
		if m >= len(x.d.Tokens) || x.d.Tokens[m].Kind != text.Word || x.d.Tokens[m].Is(text.Line) || x.digital(&x.d.Tokens[m]) {
			break
		}
		t := &x.d.Tokens[m]
		f := x.class(m)
		if f&behind != 0 || hyphen && f&brand != 0 || f&street != 0 && t.Flags&text.Capital == 0 && t.To-t.From > 6 {
			return k, right | behind
		}
		if f&after != 0 && (f&persons == 0 || t.Flags&text.Capital == 0) {
			return k, right | after
		}
		capital := x.capital(m)
		if f&(given|family) == 0 && f&notNames == 0 {
			f |= x.shapeOf(m)
		}
		if f&child != 0 && n < longestName-1 {
			right |= child
			k = m + 1
			continue
		}
		if f&notNames != 0 && f&(given|family|patronymic) == 0 && (!capital || f&families == 0) {
			break
		}
		if hyphen && capital && f&notNames == 0 && c&givens != 0 && t.Script == text.Latin { // Jean-Luc
			f |= givenWord
		}
		if !x.joins(f, c|right, capital, lowerCase, t, m) && !(lowerCase && left == named && f&persons != 0 && c&givens != 0) {
			if hyphen && t.Script != x.d.Tokens[i].Script {
				return k, right | behind // Анна-cafe
			}
			break
		}
		right |= f & (persons | likeWeak)
		if f&(persons|likeWeak) == 0 {
			right |= likeWeak
		}
		k = m + 1
	}
	return k, right
}

// joins says whether a word that can be f goes on with a name whose words so far can be c.
func (x *scanner) joins(f, c class, capital, lowerCase bool, t *text.Token, m int) bool {
	if capital || t.Flags&text.Upper != 0 && x.d.Tokens[m-1].Flags&text.Upper != 0 {
		switch {
		case t.Flags&text.Sentence != 0 && !(x.is(m-1, '.') && x.initial(m-2)):
			return false
		case c&child != 0:
			return true
		case f&(persons|likeWeak) != 0:
			return f&(familyRare|givenRare|likeWeak) == 0 || f&(given|givenWord|family|familyWord|likes) != 0 || c&(given|givenWord|givenRare|likeGiven|patronymic) != 0 || f&givenRare != 0 && c&(family|likeFamily|steppe) != 0
		case f == 0 && capital && (c&(given|likeGiven) != 0 && c&(families|likeFamily|likeWeak) == 0 || c&(family|likeFamily|steppe) != 0 && c&givens == 0):
			return t.To-t.From > 3 && x.d.Tokens[m].Script == x.d.Tokens[m-1].Script
		}
		return false
	}
	// In lower case only what is a name for certain.
	switch {
	case f&patronymic != 0 && c&givens != 0:
		return true
	case c&child != 0:
		return f&persons != 0
	case !lowerCase:
		return false
	case c&(given|givenWord|likeGiven) != 0 && f&(family|likeFamily) != 0 && f&(role|unit|order|brand) == 0:
		return f&family != 0 || f&steppe != 0
	case c&(family|likeFamily) != 0 && f&given != 0:
		return true
	case c&(given|family) != 0 && f&given != 0:
		return true
	}
	return false
}

// accept weighs what speaks for a name.
func (x *scanner) accept(i int, c class, left sided, right class, capital bool) bool {
	t := &x.d.Tokens[i]
	middle := capital && t.Flags&text.Sentence == 0
	beside := right&(persons&^familyRare|likeWeak|after|child) != 0
	if c&word != 0 && left < trade && right&(patronymic|family|likeFamily|after|child|given|steppe) == 0 && !(capital && (t.Flags&text.Sentence == 0 || x.acts(i))) {
		return false
	}
	if c&avenue != 0 && right == 0 && left < trade && x.class(i-1)&by != 0 { // на Боконбаева
		return false
	}
	if c&(place|city) != 0 && left < trade && right&(persons|child) == 0 {
		return false
	}
	if t.Flags&text.Upper != 0 && c&(given|family) != 0 {
		return true
	}
	if !capital {
		switch {
		case c&patronymic != 0 && c&givens == 0:
			return left >= trade
		case c&given != 0:
			return t.To-t.From >= 8 || t.Script == text.Cyrillic && t.To-t.From >= 6 || left >= thanked || beside || x.says(i)
		case c&short != 0:
			return left >= thanked || beside
		case c&givenWord != 0:
			return left >= trade || right&(after|patronymic|family|child) != 0
		case c&givenRare != 0:
			return left == named && c&(never|unit|role) == 0 || right&after != 0 || right&(patronymic|family|child) != 0
		case c&(family|familyWord) != 0:
			return left >= named || left == trade && c&family != 0 || right&(given|after) != 0
		case c&(likeGiven|likeFamily|steppe) != 0:
			return left >= named
		}
		return false
	}
	switch {
	case c&(given|short|givenWord|patronymic|steppe) != 0,
		c&family != 0 && (c&(place|brand) == 0 || beside || left >= trade),
		c&likeGiven != 0 && c&(role|brand|unit) == 0,
		c&(familyWord|likeFamily) != 0 && (middle || beside && right&(givens|after|patronymic|child) != 0 || left >= thanked || endsIn(x.d.Word(i), "ов", "ев", "ова", "ева", "ову", "еву", "овой", "евой") && x.acts(i)),
		c&givenRare != 0 && (left >= thanked || beside || x.paired(i) || middle && !x.timed(i) || x.acts(i)),
		c&familyRare != 0 && (left == named || right&(given|patronymic|after) != 0),
		c&likeWeak != 0 && (left == named || right&(given|patronymic|after) != 0 || left == trade && middle):
		return true
	case c&(persons|likeWeak) != 0:
		return false
	}
	if c&(role|brand|unit|never|place|street|after|thanks|behind|phone|order) != 0 {
		return false
	}
	return t.To-t.From > 3 && (left == named || left == trade && middle && x.alike(i) || right&after != 0 && middle)
}

// alike says whether a word has the alphabet of the word before: a name in other letters behind a trade is a brand.
func (x *scanner) alike(i int) bool {
	return i > 0 && x.d.Tokens[i].Script == x.d.Tokens[i-1].Script
}
