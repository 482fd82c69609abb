package redaction

import "github.com/otklik/otklik/services/comment/internal/text"

// reach is how many tokens before a number are asked what number it is.
const reach = 7

// far is a distance beyond reach.
const far = 100

// context is how many tokens before a number the words stand that say what it is.
type context struct {
	phone, order, ident, passport, card, number int
	unit                                        bool // what stands behind says that it counts something
}

// context looks at the words around a number that begins with token i and ends at a place of the source.
func (x *scanner) context(i int, end int32) context {
	c := context{far, far, far, far, far, far, false}
	near := func(to *int, distance int) {
		if *to == far {
			*to = distance
		}
	}
	for k := 1; k <= reach && i-k >= 0; k++ {
		t := &x.d.Tokens[i-k]
		if x.redacted(i - k) {
			break // the words before another finding are about it
		}
		if t.Kind == text.Mark {
			if sign := x.d.Folded[t.From]; (sign == '.' || sign == '!' || sign == '?' || sign == ';') && x.d.Tokens[i-k+1].Is(text.Spaced) && !x.short(i-k-1) {
				break
			}
			continue
		}
		if t.Kind != text.Word {
			continue
		}
		f := x.class(i - k)
		if f&phone != 0 {
			near(&c.phone, k)
		}
		if f&order != 0 && x.class(i-k-1)&ident == 0 { // a PIN code is no other code
			near(&c.order, k)
		}
		if f&ident != 0 {
			near(&c.ident, k)
		}
		if f&passport != 0 {
			near(&c.passport, k)
		}
		if f&card != 0 {
			near(&c.card, k)
		}
		if f&number != 0 {
			near(&c.number, k)
		}
	}
	if k := x.past(i, end); k < len(x.d.Tokens) {
		f := x.class(k)
		if f&phone != 0 {
			near(&c.phone, 3)
		}
		c.unit = f&unit != 0 || x.d.Tokens[k].Kind == text.Symbol && x.counts(k)
	}
	return c
}

// short says whether a token is an abbreviation, behind which a full stop ends nothing.
func (x *scanner) short(i int) bool {
	if i < 0 {
		return false
	}
	t := &x.d.Tokens[i]
	return t.Kind == text.Word && (t.To-t.From <= 6 || x.class(i)&(phone|ident|passport|order) != 0 && t.To-t.From <= 8)
}

// counts tells the signs of money and per cent.
func (x *scanner) counts(i int) bool {
	switch x.d.Text(i) {
	case "%", "$", "€", "₽", "₸", "⃀", "£", "°":
		return true
	}
	return false
}

// nearest says whether a distance is within reach and no longer than the others.
func nearest(a int, others ...int) bool {
	for _, o := range others {
		if o < a {
			return false
		}
	}
	return a < far
}
