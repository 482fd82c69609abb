package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// lettered looks at a passport whose series is in letters: in one word with the number (AN1234567) or before it (AN 1234567); and at a
// phone number that is written against the word before it.
func (x *scanner) lettered(i int) int {
	t := &x.d.Tokens[i]
	s := x.s[t.Start:t.End]
	digits := 0
	for digits < len(s) && isDigit(s[len(s)-1-digits]) {
		digits++
	}
	series := s[:len(s)-digits]
	end := t.End
	if len(s) == 9 && digits == 0 && isDigits(s[2:8]) && upper(s[:2]) && upper(s[8:]) { // British insurance number
		if near := x.context(i, end); nearest(near.ident, near.order, near.phone) {
			return x.taken(i, ID, t.Start, end)
		}
		return i
	}
	if digits == 0 {
		k := x.afterSign(i + 1)
		if k >= len(x.d.Tokens) || x.d.Tokens[k].Kind != text.Number {
			return i
		}
		n := &x.d.Tokens[k]
		digits, end = int(n.End-n.Start), n.End
		for _, c := range []byte(x.s[n.Start:n.End]) {
			if !isDigit(c) {
				return i
			}
		}
		if next := k + 1; next < len(x.d.Tokens) && x.d.Tokens[next].Start == end && x.d.Tokens[next].Kind == text.Word {
			return i
		}
	} else if len(series) > 4 || digits > 9 {
		return x.against(i, t.End-int32(digits))
	}
	if digits < 6 || digits > 9 || x.glued(i, t.Start) {
		return i
	}
	near := x.context(i, end)
	distinct := false
	switch series {
	case "ID", "AN", "AC", "PE", "АН", "АС", "АN", "AН", "AС", "АC", "ИД":
		distinct = digits == 7
	case "N":
		distinct = digits == 8
	case "id", "an", "ac", "Id", "An", "Ac":
		distinct = digits == 7 && end == t.End && near.passport < far
	}
	switch {
	case near.order < far && !nearest(near.passport, near.order):
		return i
	case distinct:
	case near.passport < far && series != "" && upper(series) && nearest(near.passport, near.order, near.phone, near.card):
	default:
		return i
	}
	return x.taken(i, Passport, t.Start, end)
}

// upper says whether a series is one or two capital letters.
func upper(series string) bool {
	n := 0
	for _, r := range series {
		if r >= 'A' && r <= 'Z' || r >= 'А' && r <= 'Я' {
			n++
			continue
		}
		return false
	}
	return n == 1 || n == 2
}

// against looks at the digits at the end of a word that introduces them: «тел0555123456».
func (x *scanner) against(i int, start int32) int {
	t := &x.d.Tokens[i]
	if t.End-start < 9 {
		return i
	}
	var buf [2 * longestWord]byte
	n := copy(buf[:], x.d.Word(i))
	for n > 0 && isDigit(buf[n-1]) {
		n--
	}
	if n == 0 || n == len(buf) || x.classify(buf[:n])&(phone|ident|card|passport) == 0 {
		return i
	}
	var c chain
	if _, ok := c.read(x.s, start); !ok {
		return i
	}
	near := context{far, far, far, far, far, far, false}
	switch f := x.classify(buf[:n]); {
	case f&phone != 0:
		near.phone = 1
	case f&ident != 0:
		near.ident = 1
	case f&card != 0:
		near.card = 1
	case f&passport != 0:
		near.passport = 1
	}
	if b := phoneOf(&c, &near); b > 0 {
		return x.taken(i, Phone, start, c.end(b))
	}
	if b := identOf(&c, &near); b > 0 {
		return x.taken(i, ID, start, c.end(b))
	}
	return i
}

// afterSign skips what may stand between the series and the number of a passport: «-», «№», «номер».
func (x *scanner) afterSign(k int) int {
	for n := 0; n < 2 && k < len(x.d.Tokens); n++ {
		if !x.is(k, '-') && x.d.Text(k) != "№" && !isOf(x.d.Word(k), "номер") {
			break
		}
		k++
	}
	return k
}

// series reads «серия 4510 номер 123456», whose digits are no chain.
func (x *scanner) series(i int, c *chain) int {
	if !c.laid(c.n, 4) && !c.laid(c.n, 2, 2) {
		return i
	}
	k := x.past(i, c.end(c.n))
	number := x.afterSign(k)
	if number == k || number >= len(x.d.Tokens) {
		return i
	}
	t := &x.d.Tokens[number]
	if t.End-t.Start != 6 || !isDigits(x.s[t.Start:t.End]) {
		return i
	}
	if near := x.context(i, t.End); !nearest(near.passport, near.order, near.phone) {
		return i
	}
	return x.taken(i, Passport, c.groups[0].start, t.End)
}
