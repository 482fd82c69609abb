package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// address looks at an address by its street word, or by a house word, at token i.
func (x *scanner) address(i int, c class) int {
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
	if c&house != 0 {
		if next := x.houseAlone(i); next > i {
			return next
		}
	}
	return i
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
		if x.is(k, '-') && k+1 < len(x.d.Tokens) && x.d.Tokens[k+1].Kind == text.Word && !x.d.Tokens[k+1].Is(text.Spaced) {
			k += 2
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
	for k < len(x.d.Tokens) && k <= i+2 && x.class(k)&avenue != 0 && x.d.Tokens[k].Flags&text.Capital != 0 {
		k++
	}
	if k >= len(x.d.Tokens) || x.d.Tokens[k].Kind != text.Number && !(x.is(k, ',') || x.class(k)&house != 0) {
		return i
	}
	end := x.housed(k, false)
	if end == 0 {
		return i
	}
	return x.placed(i, i, end)
}

// houseAlone reads a house with its flat where no street is named: «дом 5, кв. 12».
func (x *scanner) houseAlone(i int) int {
	t := &x.d.Tokens[i]
	k := i + 1
	if x.is(k, '.') {
		k++
	}
	if _, next := x.houseNumber(k); next > k && t.To-t.From != 2 {
		if end := x.flats(next); end > 0 {
			return x.placed(i, i, end)
		}
	}
	return i
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

// placed notes an address that begins with the token first, together with the city before or behind it.
func (x *scanner) placed(i, first int, end int32) int {
	if k := first - 1; k >= 0 {
		if x.is(k, ',') {
			k--
		}
		if from := x.cityEndingAt(k); from >= 0 && x.d.Tokens[from].Start >= x.barrier() {
			first = from
		}
	}
	next := x.past(i, end)
	if x.is(next, ',') && next+1 < len(x.d.Tokens) && x.d.Tokens[next+1].Script == text.Latin && x.class(next+1)&city != 0 {
		end = x.d.Tokens[next+1].End
	}
	return x.taken(i, Address, x.d.Tokens[first].Start, end)
}

// cityEndingAt is the token with which a city begins whose last token is k, with its sign and its code: «720040, г. Бишкек»; -1 if
// there is none.
func (x *scanner) cityEndingAt(k int) int {
	from := -1
	switch {
	case k >= 1 && x.is(k, '.') && x.class(k-1)&city != 0 && x.d.Tokens[k-1].To-x.d.Tokens[k-1].From == 2 && x.d.Tokens[max(0, k-2)].Flags&text.Capital != 0: // Каракол ш.
		from = k - 2
	case k >= 1 && x.class(k)&city != 0 && x.d.Tokens[k].Flags&text.Capital == 0 && x.class(k-1)&city != 0: // Бишкек шаары
		from = k - 1
	case k >= 0 && x.class(k)&city != 0 && x.d.Tokens[k].Flags&text.Capital != 0:
		from = k
	case k >= 2 && x.d.Tokens[k].Flags&text.Capital != 0 && x.is(k-1, '.') && isOf(x.d.Word(k-2), "г"):
		return k - 2
	}
	if from < 0 {
		return -1
	}
	if from >= 2 && x.is(from-1, '.') && isOf(x.d.Word(from-2), "г") {
		from -= 2
	} else if from >= 1 && (isOf(x.d.Word(from-1), "г") || isOf(x.d.Word(from-1), "город")) {
		from--
	}
	if from >= 2 && x.is(from-1, ',') && x.d.Tokens[from-2].Kind == text.Number && x.d.Tokens[from-2].End-x.d.Tokens[from-2].Start == 6 {
		from -= 2
	}
	return from
}
