package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// address looks at an address by its street word, or by a house word, at token i.
func (x *scanner) address(i int, c class) int {
	if t := &x.d.Tokens[i]; c&(street|mainly) != 0 && t.To-t.From == 2 && !(x.is(i+1, '-') && !x.d.Tokens[i+1].Is(text.Spaced)) { // б-р, м-н
		c &^= street | mainly
	}
	if c&street != 0 && x.quarter(i) && x.numberBefore(i) {
		if next := x.streetBehind(i); next > i {
			return next
		}
	}
	if c&(street|mainly) != 0 {
		if next := x.streetFirst(i, c&street == 0); next > i {
			return next
		}
		if next := x.streetBehind(i); next > i {
			return next
		}
	}
	if c&road != 0 || c&lane != 0 && x.d.Tokens[i].Flags&text.Capital != 0 {
		if next := x.streetBehind(i); next > i {
			return next
		}
	}
	if c&(avenue|district) != 0 {
		if next := x.known(i); next > i {
			return next
		}
	}
	if c&(house|flat) != 0 {
		if next := x.houseAlone(i); next > i {
			return next
		}
	}
	return i
}

// numberBefore says whether a number of two digits at most stands before a word: 12 мкр, 7-микрорайон.
func (x *scanner) numberBefore(i int) bool {
	k := i - 1
	if x.is(k, '-') {
		k--
	}
	return k >= 0 && x.d.Tokens[k].Kind == text.Number && x.d.Tokens[k].End-x.d.Tokens[k].Start <= 2
}

// wordEnd is the token behind a street word with its hyphenated end («пр-т») and full stop.
func (x *scanner) wordEnd(i int) int {
	i++
	if x.is(i, '-') && i+1 < len(x.d.Tokens) && !x.d.Tokens[i].Is(text.Spaced) && !x.d.Tokens[i+1].Is(text.Spaced) && len(x.d.Word(i+1)) <= 4 {
		i += 2
	}
	if x.is(i, '.') {
		i++
	}
	return i
}

// streetFirst reads «ул. Киевская, д. 77, кв. 5». Strict wants a name with a capital.
func (x *scanner) streetFirst(i int, strict bool) int {
	k := x.wordEnd(i)
	quarter := x.quarter(i)
	quoted := x.is(k, '"')
	if quoted {
		k++
	}
	from := k
	for k < len(x.d.Tokens) && k-from < 4 {
		t := &x.d.Tokens[k]
		if t.Is(text.Line) {
			break
		}
		if t.Kind == text.Number && k == from && t.End-t.Start <= 3 {
			// 7 Апреля, 40 лет Победы, 7-я линия; a quarter may bear a number alone.
			if next := x.numbered(k); next > k {
				k = next
				continue
			}
			if quarter {
				k++
			}
			break
		}
		if t.Kind != text.Word {
			break
		}
		c := x.class(k)
		if k > from && c&(house|flat|street) != 0 {
			break
		}
		if t.Flags&text.Capital == 0 && (strict && k == from || k >= from+2) {
			break
		}
		if c&(unit|role|phone|order|never) != 0 && t.Flags&text.Capital == 0 {
			return i
		}
		k++
		if x.is(k, '.') && t.To-t.From <= 6 && k+1 < len(x.d.Tokens) && x.d.Tokens[k+1].Kind == text.Word { // ул. Ю. Фучика
			k++
		}
		if x.is(k, '-') && k+1 < len(x.d.Tokens) && !x.d.Tokens[k+1].Is(text.Spaced) {
			if x.d.Tokens[k+1].Kind == text.Word {
				k += 2
			} else if quarter && (x.is(k+2, ',') || x.class(k+2)&house != 0) { // мкр Восток-5, дом 10
				k += 2
			}
		}
	}
	if k == from {
		return i
	}
	if quoted && x.is(k, '"') {
		k++
	}
	end := x.housed(k, quarter && k == from+1 && x.d.Tokens[from].Kind == text.Number)
	if end == 0 {
		return i
	}
	return x.placed(i, i, end)
}

// quarter says whether a street word is one of those that bear numbers: мкр, микрорайон, кичирайон, квартал.
func (x *scanner) quarter(i int) bool {
	w := x.d.Word(i)
	const mkr, micro, kichi, kv, m = "мкр", "микро", "кичи", "кв", "м"
	return len(w) >= len(kichi) && string(w[:len(kichi)]) == kichi || len(w) >= len(mkr) && string(w[:len(mkr)]) == mkr || len(w) >= len(micro) && string(w[:len(micro)]) == micro ||
		len(w) > len(kv) && string(w[:len(kv)]) == kv || string(w) == m
}

// numbered reads a street's name that begins with a number and returns the token behind it, k if it is none.
func (x *scanner) numbered(k int) int {
	next := k + 1
	if x.is(next, '-') && next+1 < len(x.d.Tokens) && x.d.Tokens[next+1].Kind == text.Word && !x.d.Tokens[next+1].Is(text.Spaced) { // 7-я
		next += 2
	}
	if next >= len(x.d.Tokens) || x.d.Tokens[next].Kind != text.Word || !x.d.Tokens[next].Is(text.Spaced) {
		return k
	}
	c := x.class(next)
	if c&(house|flat|street) != 0 {
		return k
	}
	if c&unit != 0 { // 40 лет Победы
		if next+1 < len(x.d.Tokens) && x.d.Tokens[next+1].Flags&text.Capital != 0 {
			return next + 2
		}
		return k
	}
	if x.d.Tokens[next].Flags&text.Capital == 0 && c&(never|unit|role) != 0 {
		return k
	}
	return next + 1
}

// streetBehind reads «Чүй проспектиси 123», «Киевская улица, 77», «12-микрорайон, 45-үй», «221B Baker Street, apt. 4».
func (x *scanner) streetBehind(i int) int {
	first := i
	capital := false
	for k := i - 1; k >= 0 && i-k <= 3; k-- {
		t := &x.d.Tokens[k]
		if t.Start < x.barrier() || x.d.Tokens[k+1].Is(text.Line) {
			break
		}
		c := x.class(k)
		if t.Kind == text.Word && t.Flags&text.Capital != 0 && c&(street|mainly|role|link|title) == 0 && (c&never == 0 || i-k > 1 && c&persons != 0) {
			first, capital = k, true
			if x.is(k-1, '-') && k >= 2 && !t.Is(text.Spaced) && !x.d.Tokens[k-1].Is(text.Spaced) && x.d.Tokens[k-2].Flags&text.Capital != 0 { // Кок-Жар
				first, k = k-2, k-2
			}
			continue
		}
		if t.Kind == text.Word && first == i && t.Script == text.Cyrillic && c&(never|role|unit|order|phone|brand|thanks) == 0 && t.To-t.From > 4 {
			first = k // «чуй проспектиси 123» in lower case: the word right before
		}
		break
	}
	// A number before: 12-микрорайон, 221B Baker Street.
	number := false
	k := first - 1
	if first == i && x.is(k, '-') && !x.d.Tokens[k].Is(text.Spaced) {
		k--
	}
	latin := x.d.Tokens[i].Script == text.Latin
	if latin && first == i { // 123 main street, in lower case
		for n := 1; n <= 2 && k-1 >= 0; n++ {
			if x.d.Tokens[k].Kind != text.Word || x.class(k)&(never|unit|role|road|lane) != 0 {
				break
			}
			if x.d.Tokens[k-1].Kind == text.Number {
				first, k = k, k-1
				break
			}
			k--
		}
	}
	if k >= 0 && (x.d.Tokens[k].Kind == text.Number || latin && k >= 1 && x.d.Tokens[k].Kind == text.Word && x.d.Tokens[k-1].Kind == text.Number && x.d.Tokens[k].End-x.d.Tokens[k].Start == 1 && !x.d.Tokens[k].Is(text.Spaced)) {
		if x.d.Tokens[k].Kind == text.Word {
			k--
		}
		if t := &x.d.Tokens[k]; t.End-t.Start <= 5 && t.Start >= x.barrier() && !x.ordinal(k) {
			if latin && first < i || !latin && first == i && x.quarter(i) {
				first, number = k, true
			}
		}
	}
	if first == i {
		return i
	}
	next := x.wordEnd(i)
	if latin && number {
		end := x.d.Tokens[i].End
		if tail := x.flats(next); tail > 0 {
			end = tail
		}
		return x.placed(i, first, end)
	}
	if latin && !capital {
		return i
	}
	end := x.housed(next, number)
	if end == 0 {
		return i
	}
	return x.placed(i, first, end)
}

// ordinal says whether a number has the end of an ordinal: 57th.
func (x *scanner) ordinal(k int) bool {
	if k+1 >= len(x.d.Tokens) || x.d.Tokens[k+1].Is(text.Spaced) {
		return false
	}
	switch string(x.d.Word(k + 1)) {
	case "st", "nd", "rd", "th", "s", "gb", "tb", "mb":
		return true
	}
	return false
}

// barrier is where the last finding ends that is no name: an address does not reach over it. Names it may take over, but a few at most.
func (x *scanner) barrier() int32 {
	for n := len(x.found); n > x.first && len(x.found)-n < longestName; n-- {
		if x.found[n-1].Kind != Name {
			return x.found[n-1].End
		}
	}
	if n := len(x.found) - longestName; n > x.first {
		return x.found[n-1].End
	}
	return 0
}

// known reads a street without its word: «Ахунбаева 45», «на Киевской 77».
func (x *scanner) known(i int) int {
	t := &x.d.Tokens[i]
	if t.Flags&text.Capital == 0 {
		return i
	}
	k := i + 1
	if x.class(i)&district != 0 && x.is(k, '-') && k+1 < len(x.d.Tokens) && x.d.Tokens[k+1].Kind == text.Number {
		if end := x.housed(k+2, true); end > 0 {
			return x.placed(i, i, end)
		}
		return i
	}
	if x.is(k, '-') && k+1 < len(x.d.Tokens) && !x.d.Tokens[k].Is(text.Spaced) && x.d.Tokens[k+1].Flags&text.Capital != 0 { // Жукеева-Пудовкина
		k += 2
	}
	for k < len(x.d.Tokens) && k <= i+2 && x.class(k)&avenue != 0 && x.d.Tokens[k].Flags&text.Capital != 0 {
		k++
	}
	if k >= len(x.d.Tokens) || x.d.Tokens[k].Kind != text.Number && !(x.is(k, ',') || x.class(k)&house != 0) {
		return i
	}
	end := x.housed(k, false)
	if end == 0 || x.class(i)&avenue == 0 && !x.slashed(k) && end <= x.d.Tokens[k].End { // «Асанбай 12-34», but not «Асанбай 12»
		return i
	}
	return x.placed(i, i, end)
}

// houseAlone reads a house and what is in it where the street stands behind or nowhere: «дом 5, кв. 12», «дом 12 по улице Киевской»,
// «flat 3, house 45, Oak Street».
func (x *scanner) houseAlone(i int) int {
	t := &x.d.Tokens[i]
	seen := class(0)
	k, end := i, int32(0)
	for range 3 {
		n := k
		if n > i && x.is(n, ',') {
			n++
		}
		c := x.class(n) & (house | flat)
		if c == 0 || seen&c != 0 {
			break
		}
		n++
		if x.is(n, '.') {
			n++
		}
		if n < len(x.d.Tokens) && x.d.Text(n) == "№" {
			n++
		}
		e, next := x.houseNumber(n)
		if next == n {
			break
		}
		seen, k, end = seen|c, next, e
	}
	if end == 0 {
		return i
	}
	if e := x.streetAfter(k, seen&house != 0); e > 0 {
		return x.placed(i, i, e)
	}
	if seen == house|flat && t.To-t.From > 2 {
		return x.placed(i, i, end)
	}
	return i
}

// streetAfter is where a street without a number ends that stands behind its house, 0 if there is none.
func (x *scanner) streetAfter(k int, housed bool) int32 {
	by := false
	switch {
	case x.is(k, ','):
		k++
	case k < len(x.d.Tokens) && x.d.Tokens[k].Kind == text.Word && (isOf(x.d.Word(k), "по") || isOf(x.d.Word(k), "на") || isOf(x.d.Word(k), "on")):
		k++
		by = true
	}
	if !housed || k >= len(x.d.Tokens) {
		return 0
	}
	c := x.class(k)
	capital := func(n int) bool {
		return n < len(x.d.Tokens) && x.d.Tokens[n].Kind == text.Word && x.d.Tokens[n].Flags&text.Capital != 0 && x.d.Tokens[n].Flags&text.Line == 0
	}
	switch {
	case c&(street|mainly) != 0:
		n := x.wordEnd(k)
		if !capital(n) {
			return 0
		}
		if capital(n+1) && x.d.Tokens[n+1].Flags&text.Sentence == 0 {
			n++
		}
		return x.d.Tokens[n].End
	case capital(k) && x.class(k+1)&(street|road|lane) != 0:
		return x.d.Tokens[k+1].End
	case capital(k) && capital(k+1) && x.class(k+2)&(street|road|lane) != 0:
		return x.d.Tokens[k+2].End
	case by && c&avenue != 0 && capital(k):
		return x.d.Tokens[k].End
	}
	return 0
}

// houseFirst reads a Kyrgyz address without a street: «45-үй, 12-батир», and a quarter behind its number: «7 мкр, д. 5».
func (x *scanner) houseFirst(i int) int {
	t := &x.d.Tokens[i]
	if t.End-t.Start > 4 {
		return i
	}
	k := i + 1
	if x.is(k, '-') {
		k++
	}
	c := x.class(k)
	if c&house == 0 || k >= len(x.d.Tokens) || x.d.Tokens[k].Kind != text.Word {
		return i
	}
	if end := x.flats(k + 1); end > 0 {
		return x.placed(i, i, end)
	}
	return i
}
