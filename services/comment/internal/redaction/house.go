package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// longestHouse is how many digits a house or a flat has at most.
const longestHouse = 4

// housed reads what follows a street, the number of a house and what else there is, and returns where it ends; 0 if there is no
// number of a house. Where the street is a number itself, the house must be introduced by a word or divided by a comma.
func (x *scanner) housed(k int, divided bool) int32 {
	comma, word := false, false
	if x.is(k, ',') {
		comma = true
		k++
	}
	if x.is(k, '-') && divided { // 12-микрорайон - 45
		k++
	}
	if x.class(k)&house != 0 {
		word = true
		if k++; x.is(k, '.') {
			k++
		}
	}
	if k < len(x.d.Tokens) && x.d.Text(k) == "№" {
		k++
	}
	if divided && !comma && !word {
		if end := x.behindNumber(k); end == 0 && !x.slashed(k) {
			return 0
		}
	}
	end, next := x.houseNumber(k)
	if next == k {
		return 0
	}
	if c := x.class(next); c&unit != 0 && !word && next < len(x.d.Tokens) && x.d.Tokens[next].Is(text.Spaced) || next < len(x.d.Tokens) && x.counts(next) {
		return 0
	}
	swapped := x.class(next)&house != 0 && x.class(next+2)&flat != 0 && !(next+3 < len(x.d.Tokens) && x.d.Tokens[next+3].Kind == text.Number) // 45 дом 6 кв
	if tail := x.flats(next); tail > 0 && !swapped {
		return tail
	}
	if word := x.wordBehind(next); word > next { // 45-үй
		end = x.d.Tokens[word-1].End
		if tail := x.flats(word); tail > 0 {
			return tail
		}
	}
	return end
}

// slashed tells a house with a second number: 23/1, 12-34.
func (x *scanner) slashed(k int) bool {
	return (x.is(k+1, '/') || x.is(k+1, '-')) && k+2 < len(x.d.Tokens) && x.d.Tokens[k+2].Kind == text.Number && !x.d.Tokens[k+2].Is(text.Spaced)
}

// behindNumber is where the word ends that stands behind the number k and says that it is a house's; 0 if there is none.
func (x *scanner) behindNumber(k int) int32 {
	if k >= len(x.d.Tokens) || x.d.Tokens[k].Kind != text.Number {
		return 0
	}
	if n := x.wordBehind(k + 1); n > k+1 {
		return x.d.Tokens[n-1].End
	}
	return 0
}

// wordBehind skips a house word behind its number, with a hyphen or a space, and returns the token behind it; k if there is none.
func (x *scanner) wordBehind(k int) int {
	n := k
	if x.is(n, '-') && !x.d.Tokens[n].Is(text.Spaced) {
		n++
	}
	if n < len(x.d.Tokens) && x.class(n)&house != 0 && !x.d.Tokens[n].Is(text.Line) && x.d.Tokens[n].To-x.d.Tokens[n].From > 2 {
		return n + 1
	}
	return k
}

// houseNumber reads 45, 45а, 45/2, 45-12, 4B and returns where it ends and the token behind it, k if there is none.
func (x *scanner) houseNumber(k int) (int32, int) {
	if k >= len(x.d.Tokens) {
		return 0, k
	}
	t := &x.d.Tokens[k]
	if t.Kind != text.Number || t.End-t.Start > longestHouse || t.Is(text.Line) {
		return 0, k
	}
	for _, c := range []byte(x.s[t.Start:t.End]) {
		if !isDigit(c) {
			return 0, k
		}
	}
	end, next := t.End, k+1
	end, next = x.letterOf(end, next)
	for n := 0; n < 2 && (x.is(next, '/') || x.is(next, '-')) && !x.d.Tokens[next].Is(text.Spaced) && next+1 < len(x.d.Tokens); n++ {
		t := &x.d.Tokens[next+1]
		if t.Is(text.Spaced) || !(t.Kind == text.Number && t.End-t.Start <= longestHouse && isDigits(x.s[t.Start:t.End]) || t.Kind == text.Word && t.To-t.From <= 2) {
			break
		}
		end, next = t.End, next+2
		end, next = x.letterOf(end, next)
	}
	return end, next
}

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// letterOf takes a letter that is written against a number, or in quotes behind it.
func (x *scanner) letterOf(end int32, k int) (int32, int) {
	if k < len(x.d.Tokens) {
		t := &x.d.Tokens[k]
		if t.Kind == text.Word && t.Start == end && t.To-t.From <= 2 {
			return t.End, k + 1
		}
		if x.is(k, '"') && x.is(k+2, '"') && x.d.Tokens[k+1].To-x.d.Tokens[k+1].From <= 2 {
			return x.d.Tokens[k+2].End, k + 3
		}
	}
	return end, k
}

// flats reads what follows a house: building, entrance, floor, flat; it returns where it ends, 0 if there is nothing of it.
func (x *scanner) flats(k int) int32 {
	end := int32(0)
	for range 4 {
		n := k
		if x.is(n, ',') {
			n++
		}
		if n >= len(x.d.Tokens) || x.d.Tokens[n].Is(text.Line) {
			break
		}
		if c := x.class(n); c&stair != 0 || x.class(n+1)&stair != 0 || x.class(n+2)&stair != 0 && x.is(n+1, '-') { // before a flat only
			if m := x.stairs(n); m > n {
				k = m
				continue
			}
			break
		} else if c&(flat|house) != 0 { // кв. 12
			n++
			if x.is(n, '.') {
				n++
			}
			if n < len(x.d.Tokens) && (x.d.Text(n) == "№" || x.is(n, '#')) {
				n++
			}
			if e, next := x.houseNumber(n); next > n {
				end, k = e, next
				continue
			}
			if n < len(x.d.Tokens) && x.d.Tokens[n].Kind == text.Word && x.d.Tokens[n].To-x.d.Tokens[n].From <= 3 && hasDigit(x.d.Text(n)) { // Apt B4
				end, k = x.d.Tokens[n].End, n+1
				continue
			}
			break
		}
		if x.is(n, '#') && n+1 < len(x.d.Tokens) {
			if e, next := x.houseNumber(n + 1); next > n+1 {
				end, k = e, next
				continue
			}
		}
		if _, next := x.houseNumber(n); next > n { // 12-батир, 12 кв
			m := next
			if x.is(m, '-') {
				m++
			}
			if m < len(x.d.Tokens) && x.class(m)&(flat|house) != 0 && x.d.Tokens[m].To-x.d.Tokens[m].From > 2 && !x.introducesNumber(m) {
				end, k = x.d.Tokens[m].End, m+1
				continue
			}
		}
		break
	}
	return end
}

// introducesNumber says whether a flat word belongs to the number behind it: «дом 5 кв 12».
func (x *scanner) introducesNumber(m int) bool {
	n := m + 1
	if x.is(n, '.') {
		n++
	}
	return n < len(x.d.Tokens) && x.d.Tokens[n].Kind == text.Number && x.d.Tokens[n].End-x.d.Tokens[n].Start <= longestHouse && !x.is(n+1, '-') && x.class(n+1)&(flat|house) == 0
}

func hasDigit(s string) bool {
	for i := range len(s) {
		if isDigit(s[i]) {
			return true
		}
	}
	return false
}

// stairs skips an entrance or a floor with its number; it returns n if there is none.
func (x *scanner) stairs(n int) int {
	if x.class(n)&stair != 0 {
		m := n + 1
		if x.is(m, '.') {
			m++
		}
		if _, next := x.houseNumber(m); next > m {
			return next
		}
		return n
	}
	_, next := x.houseNumber(n)
	if next == n {
		return n
	}
	if x.is(next, '-') {
		next++
	}
	if x.class(next)&stair != 0 {
		return next + 1
	}
	return n
}
