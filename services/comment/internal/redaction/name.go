package redaction

import (
	"unicode"
	"unicode/utf8"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

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
	if c&(never|place|title) != 0 && c&given == 0 && (!capital || c&families == 0) || x.digital(t) {
		return i + 1
	}
	if capital && c&(given|family) == 0 && c&notNames == 0 {
		c |= x.shapeOf(i)
	}
	if !capital && c&persons == 0 {
		return i + 1
	}
	left := x.leftOf(i)
	if left == spoilt {
		return x.over(i)
	}
	next, right := x.extend(i, c, left)
	if !x.accept(i, c, left, right, capital) {
		return i + 1
	}
	return x.taken(i, Name, t.Start, x.nameEnd(next-1))
}

// shapeOf is what name a word looks like. A word of which more than the first letter is a capital is none, nor is in Kyrgyz a genitive a
// surname in -ин.
func (x *scanner) shapeOf(i int) class {
	t := &x.d.Tokens[i]
	w := x.d.Word(i)
	if t.Flags&text.Upper == 0 && t.End-t.Start > 3 {
		if r, _ := utf8.DecodeRuneInString(x.s[t.Start+int32(first(x.s[t.Start])) : t.End]); unicode.IsUpper(r) {
			return 0
		}
	}
	c := x.shape(w)
	if c&likeFamily != 0 && c&steppe == 0 && (x.label != language.Ru && endsIn(w, "дин", "нин", "тин", "син") || endsIn(w, "овка", "евка", "инка")) {
		c &^= likeFamily
	}
	if c&likeGiven != 0 && endsIn(w, "хана", "кана") {
		c &^= likeGiven
	}
	return c
}

// first is the length of the character that begins with a byte.
func first(c byte) int {
	switch {
	case c < 0xc0:
		return 1
	case c < 0xe0:
		return 2
	case c < 0xf0:
		return 3
	}
	return 4
}

func endsIn(w []byte, list ...string) bool {
	for _, e := range list {
		if len(w) > len(e) && string(w[len(w)-len(e):]) == e {
			return true
		}
	}
	return false
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

// sided says how the words beside a name speak for it.
type sided uint8

// What stands on the left.
const (
	nobody  sided = iota
	thanked       // спасибо, рахмат
	trade         // кассир, менеджер
	named         // зовут, господин
	spoilt        // магазин, город, улица: no person
)

// leftOf reads the words before a name.
func (x *scanner) leftOf(i int) sided {
	quoted := false
	steps := 0
	for k := i - 1; k >= 0 && steps < 4; k-- {
		t := &x.d.Tokens[k]
		if x.redacted(k) {
			return nobody
		}
		switch t.Kind {
		case text.Mark:
			switch x.d.Folded[t.From] {
			case '"', '\'':
				quoted = true
				continue
			case ':', '-', '(':
				continue
			case '.':
				if x.class(k-1)&(title|street) != 0 && t.To == t.From+1 { // г-н., Mr.
					continue
				}
			case ',':
				if x.class(k-1)&(thanks|role) != 0 {
					continue
				}
			}
			return nobody
		case text.Word:
		default:
			return nobody
		}
		c := x.class(k)
		steps++
		switch {
		case c&title != 0:
			return named
		case t.To-t.From <= 4 && x.is(k-1, '-') && isOf(x.before(k-1), "г"): // г-н, г-жа
			return named
		case c&introduces != 0:
			if isOf(x.d.Word(k), "имени") && !isOf(x.before(k), "по") { // театр имени Айтматова
				return spoilt
			}
			return named
		case c&link != 0:
			continue
		case c&role != 0 && steps == 1:
			return trade
		case c&(brand|street) != 0 && steps == 1 && (c&street == 0 || t.Flags&text.Capital == 0):
			if c&(given|family) != 0 {
				return nobody
			}
			return spoilt
		case c&thanks != 0:
			return thanked
		case quoted && steps == 1:
			return spoilt
		case c&never != 0 && steps < 3 && t.To-t.From <= 12:
			continue
		}
		return nobody
	}
	if quoted && x.closingQuote(i) {
		return spoilt
	}
	return nobody
}

// closingQuote says whether a quotation of three words at most ends behind the word i.
func (x *scanner) closingQuote(i int) bool {
	for k := i + 1; k <= i+3; k++ {
		if x.is(k, '"') {
			return true
		}
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
		case t.Flags&text.Sentence != 0:
			return false
		case c&child != 0:
			return true
		case f&(persons|likeWeak) != 0:
			return f&(familyRare|givenRare|likeWeak) == 0 || f&(given|givenWord|family|familyWord|likes) != 0 || c&(given|givenWord|givenRare|likeGiven|patronymic) != 0
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
	if right&behind != 0 {
		return false
	}
	t := &x.d.Tokens[i]
	middle := capital && t.Flags&text.Sentence == 0
	beside := right&(persons&^familyRare|likeWeak|after|child) != 0
	if c&word != 0 && left < trade && right&(patronymic|family|likeFamily|after|child|given|steppe) == 0 && !(capital && (t.Flags&text.Sentence == 0 || x.acts(i))) {
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
			return t.To-t.From >= 8 || t.Script == text.Cyrillic && t.To-t.From >= 6 || left >= thanked || beside
		case c&short != 0:
			return left >= thanked || beside
		case c&givenWord != 0:
			return left >= trade || right&(after|patronymic|family|child) != 0
		case c&givenRare != 0:
			return left == named && c&(never|unit|role) == 0 || right&after != 0 || right&(patronymic|family|child) != 0
		case c&(family|familyWord) != 0:
			return left >= named || right&(given|after) != 0
		}
		return false
	}
	switch {
	case c&(given|short) != 0:
		return true
	case c&family != 0:
		return c&(place|brand) == 0 || beside || left >= trade
	case c&givenWord != 0:
		return true
	case c&patronymic != 0:
		return true
	case c&likeGiven != 0:
		return c&(role|brand|unit) == 0
	case c&steppe != 0:
		return true
	case c&(familyWord|likeFamily) != 0:
		return middle || beside && right&(givens|after|patronymic|child) != 0 || left >= thanked
	case c&givenRare != 0:
		return left >= thanked || beside || x.paired(i) || middle && !x.timed(i) || x.acts(i)
	case c&familyRare != 0:
		return left == named || right&(given|patronymic|after) != 0
	case c&likeWeak != 0:
		return left == named || right&(given|patronymic|after) != 0 || left == trade && middle
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

// timed tells months and the like by the preposition before them: in May, next Summer.
func (x *scanner) timed(i int) bool {
	if i == 0 || x.d.Tokens[i].Script != text.Latin {
		return false
	}
	switch string(x.d.Word(i - 1)) {
	case "in", "on", "since", "until", "till", "last", "next", "this", "the", "a", "an", "every", "by", "of", "early", "late", "my", "your", "our", "for", "no", "and", "or", "i", "we", "they":
		return true
	}
	return false
}

// paired says whether a word is joined by «and» to a name.
func (x *scanner) paired(i int) bool {
	if i >= 2 && and(x.d.Word(i-1)) {
		if n := len(x.found); n > x.first && x.found[n-1].Kind == Name && x.found[n-1].End == x.d.Tokens[i-2].End {
			return true
		}
		if x.is(i-2, ']') && i >= 3 && x.placeholder(i-3) && x.d.Text(i-3) == names[Name] {
			return true
		}
	}
	return i+2 < len(x.d.Tokens) && and(x.d.Word(i+1)) && x.d.Tokens[i+2].Flags&text.Capital != 0 && x.class(i+2)&(given|short|givenWord) != 0
}

func and(w []byte) bool {
	switch string(w) {
	case "и", "жана", "менен", "да", "and", "с":
		return true
	}
	return false
}

// isOf compares a word.
func isOf(w []byte, with string) bool { return string(w) == with }

// before is the word before token i, if there is one.
func (x *scanner) before(i int) []byte {
	if i < 1 {
		return nil
	}
	return x.d.Word(i - 1)
}

// acts says whether what follows is said of persons: «Надежда очень помогла», «Эркин жардам берди», or whether a person is addressed.
func (x *scanner) acts(i int) bool {
	if x.is(i+1, ',') && x.class(i+2)&thanks != 0 || x.class(i+1)&thanks != 0 {
		return true
	}
	for k := i + 1; k <= i+3 && k < len(x.d.Tokens); k++ {
		t := &x.d.Tokens[k]
		if t.Kind != text.Word || t.Clause != x.d.Tokens[i].Clause {
			return false
		}
		if t.Script == text.Latin && k > i+1 {
			return false
		}
		for _, verb := range deeds {
			if w := x.d.Word(k); len(w) >= len(verb) && string(w[:len(verb)]) == verb {
				return true
			}
		}
	}
	return false
}

// deeds are how words begin, folded, that are said of persons.
var deeds = [...]string{
	"помог", "обслуж", "ответил", "сказал", "объясн", "обьясн", "нахам", "хамит", "хамил", "встрет", "принес", "привез", "проконсульт", "подсказ", "улыба", "нагруб", "груби", "отказал", "приех", "позвон", "перезвон", "оформ", "провел",
	"посовет", "предлож", "забыл", "перепут", "обману", "извинил", "работа", "подобр", "показал", "продал", "доставил", "молодец", "умниц", "профессионал", "вежлив", "внимательн",
	"жардам", "ырааз", "тейле", "айтт", "жооп", "түшүн", "тушун", "каршы", "сыйла", "корсот", "орой", "сылык", "кечирим", "телефон", "алып", "жеткир", "чалды", "кызмат", "кенеш", "мамиле", "молодец", "азамат", "абдан", "жумшак", "адис",
	"was", "is", "helped", "served", "told", "said", "did", "made", "took", "went", "explained", "answered", "has", "and", "from", "at",
}
