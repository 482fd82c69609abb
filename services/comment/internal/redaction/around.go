package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// placed notes an address that begins with the token first, together with what stands before it and belongs to it, its city or
// village, its district, its flat, and with an English city behind.
func (x *scanner) placed(i, first int, end int32) int {
	barrier := x.barrier()
	for range 3 {
		k := first - 1
		comma := x.is(k, ',')
		if comma {
			k--
		}
		if k < 0 {
			break
		}
		from := x.cityEndingAt(k)
		if from < 0 && comma {
			if from = x.flatEndingAt(k); from < 0 {
				from = x.districtEndingAt(k)
			}
		}
		if from < 0 && x.d.Tokens[k].Kind == text.Number && x.class(first)&city != 0 && x.d.Tokens[k].End-x.d.Tokens[k].Start == 6 { // 720040
			from = k
		}
		if from < 0 || x.d.Tokens[from].Start < barrier || x.d.Tokens[first].Is(text.Line) {
			break
		}
		first = from
	}
	next := x.past(i, end)
	if x.is(next, ',') && next+1 < len(x.d.Tokens) && x.d.Tokens[next+1].Script == text.Latin && x.class(next+1)&city != 0 {
		end = x.d.Tokens[next+1].End
	}
	return x.taken(i, Address, x.d.Tokens[first].Start, end)
}

// cityEndingAt is the token with which a city or village begins whose last token is k: «г. Бишкек», «село Беловодское», «Бишкек шаары»;
// -1 if there is none.
func (x *scanner) cityEndingAt(k int) int {
	capital := func(n int) bool { return n >= 0 && x.d.Tokens[n].Flags&text.Capital != 0 }
	from := -1
	switch {
	case k >= 2 && x.is(k, '.') && x.class(k-1)&city != 0 && x.d.Tokens[k-1].To-x.d.Tokens[k-1].From == 2 && capital(k-2): // Каракол ш.
		from = k - 2
	case k >= 1 && x.class(k)&city != 0 && !capital(k) && capital(k-1): // Бишкек шаары
		from = k - 1
	case x.class(k)&city != 0 && (capital(k) || k >= 1 && x.class(k-1)&town != 0 || k >= 2 && x.is(k-1, '.') && x.class(k-2)&town != 0):
		from = k
	case capital(k) && (k >= 1 && x.class(k-1)&town != 0 || k >= 2 && x.is(k-1, '.') && x.class(k-2)&town != 0):
		from = k
	}
	if from < 0 {
		return -1
	}
	switch {
	case from >= 2 && x.is(from-1, '.') && x.class(from-2)&town != 0:
		return from - 2
	case from >= 1 && x.class(from-1)&town != 0:
		return from - 1
	}
	return from
}

// flatEndingAt is the token with which the flat or house begins whose number is k: «flat 3, 45 Oak Road»; -1 if there is none.
func (x *scanner) flatEndingAt(k int) int {
	t := &x.d.Tokens[k]
	if t.End-t.Start > longestHouse || !hasDigit(x.d.Text(k)) {
		return -1
	}
	k--
	if k >= 0 && (x.is(k, '.') || x.d.Text(k) == "№") {
		k--
	}
	if k >= 0 && x.class(k)&(flat|house) != 0 {
		return k
	}
	return -1
}

// districtEndingAt is the token with which a district without a number begins that ends with token k: «жилмассив Ак-Орго, ул. Бирлик 22»;
// -1 if there is none.
func (x *scanner) districtEndingAt(k int) int {
	if k < 0 || x.d.Tokens[k].Kind != text.Word && x.d.Tokens[k].Kind != text.Number {
		return -1
	}
	for n := k; n >= 0 && k-n < 6; n-- {
		t := &x.d.Tokens[n]
		if t.Kind == text.Word && x.class(n)&(street|mainly) != 0 && n < k {
			if n >= 2 && x.is(n-1, '/') && x.d.Tokens[n-2].Kind == text.Word && x.d.Tokens[n-2].To-x.d.Tokens[n-2].From == 2 { // ж/м
				return n - 2
			}
			return n
		}
		if !(t.Kind == text.Word && t.Flags&text.Capital != 0 || x.is(n, '-') || x.is(n, '.') || t.Kind == text.Number || x.d.Tokens[max(0, n-1)].Kind == text.Mark) {
			break
		}
	}
	return -1
}
