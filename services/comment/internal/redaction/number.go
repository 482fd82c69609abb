package redaction

// fewest is how many digits a number of a person has at least.
const fewest = 5

// number looks at what begins with a token of digits.
func (x *scanner) number(i int) int {
	t := &x.d.Tokens[i]
	if next := x.houseFirst(i); next > i {
		return next
	}
	if masked(x.s, t.Start) || masked(x.s, t.End) {
		return x.disguised(i)
	}
	return x.digits(i, t.Start)
}

// digits looks at the number whose first digit is at this place, within token i or at its start.
func (x *scanner) digits(i int, start int32) int {
	var c chain
	end, ok := c.read(x.s, start)
	if !ok {
		return max(i+1, x.past(i, end))
	}
	if next := x.series(i, &c); next > i {
		return next
	}
	if c.upto[c.n] < fewest || c.n > 2 && c.upto[2] == 2 { // 1 2 3
		return x.past(i+1, c.groups[0].end)
	}
	x.prefix(&c)
	if c.plus {
		if b := international(&c); b > 0 {
			return x.taken(i, Phone, c.start, c.end(b))
		}
		return x.past(i+1, c.groups[0].end)
	}
	if x.glued(i, c.groups[0].start) && !x.linked(&c) {
		return x.past(i+1, c.groups[0].end)
	}
	if kind, b := x.judge(i, &c); b > 0 {
		if kind != Phone {
			c.start = c.groups[0].start
		}
		return x.taken(i, kind, c.start, c.end(b))
	}
	return x.past(i+1, c.groups[0].end)
}

// taken notes a finding and returns the token behind it.
func (x *scanner) taken(i int, kind Kind, start, end int32) int {
	x.put(kind, start, end)
	return max(i+1, x.past(i, end))
}

// prefix looks for a plus and an opening bracket before the first group.
func (x *scanner) prefix(c *chain) {
	i := c.start
	if i > x.done && x.s[i-1] == '(' && c.n > 1 && c.groups[1].before == bracket {
		i--
		c.start = i
		if i > x.done && x.s[i-1] == ' ' {
			i--
		}
	}
	if i > x.done && x.s[i-1] == '+' && (i < 2 || !isDigit(x.s[i-2])) {
		c.start, c.plus = i-1, true
	} else if i > x.done+1 && x.s[i-1] == ' ' && x.s[i-2] == '+' {
		c.start, c.plus = i-2, true
	}
}

// glued says whether a sign before a number makes it part of something else: a code, a fraction, a price.
func (x *scanner) glued(i int, start int32) bool {
	if start == 0 || start-1 == x.done && x.done > 0 { // two numbers with a stroke between them
		return false
	}
	switch x.s[start-1] {
	case '-', '/', '_', '.', '=', '*':
		if start < 2 {
			return false
		}
		if c := x.s[start-2]; c == ' ' || c == '(' {
			return false
		}
		k := i - 2
		if x.d.Tokens[i].Start < start {
			k = i - 1
		}
		return x.class(k)&(phone|ident|passport|card|number) == 0
	case '$', '#':
		return true
	}
	return false
}

// linked says whether a number that is a part of an address of the web, behind a stroke or an equals sign, is laid out as a phone number:
// links of one's own bear one.
func (x *scanner) linked(c *chain) bool {
	i := c.groups[0].start
	if i < 2 || x.s[i-1] != '/' && x.s[i-1] != '=' || isDigit(x.s[i-2]) {
		return false
	}
	d := c.text(1)
	switch c.size(1) {
	case 10:
		return begins(d, "05") || begins(d, "07") || begins(d, "099") || begins(d, "022")
	case 11:
		return begins(d, "79") || begins(d, "77") || begins(d, "89")
	case 12:
		return begins(d, "996")
	}
	return false
}

// whole says whether a number can end with the group before b: what follows does not go on.
func (c *chain) whole(b int) bool {
	return b == c.n || c.groups[b].before == space || c.groups[b].before == bracket
}

// judge says which kind of number begins with the chain and how many groups it has, 0 if it is nobody's.
func (x *scanner) judge(i int, c *chain) (Kind, int) {
	total := c.upto[c.n]
	near := x.context(i, c.groups[c.n-1].end)
	if total >= 13 {
		if b := cardOf(c, &near); b > 0 {
			return Card, b
		}
	}
	if total >= 9 {
		if b := identOf(c, &near); b > 0 {
			return ID, b
		}
	}
	if total >= 6 && near.passport < far {
		if b := passportOf(c, &near); b > 0 {
			return Passport, b
		}
	}
	if b := phoneOf(c, &near); b == 1 || b > 0 && !x.continues(i) {
		return Phone, b
	}
	return 0, 0
}

// cardOf tells bank cards.
func cardOf(c *chain, near *context) int {
	for b := 1; b <= c.n; b++ {
		n := c.size(b)
		if n < 13 || n > 19 || !c.whole(b) {
			continue
		}
		d := c.text(b)
		ok, sure := issued(d)
		if !ok || !luhn(d) {
			continue
		}
		introduced := nearest(near.card, near.order, near.phone, near.ident)
		layout := b == 1 || c.laid(b, 4, 4, 4, 4) || c.laid(b, 4, 6, 5) || c.laid(b, 4, 4, 4, 4, 3) || c.laid(b, 4, 6, 4) || c.laid(b, 4, 4, 4, 3) || c.laid(b, 8, 8) || c.laid(b, 6, 13)
		switch {
		case introduced:
		case !layout, near.unit:
			continue
		case near.order < far && b == 1, near.ident < far && b == 1:
			continue
		case b == 1 && !sure:
			continue
		}
		return b
	}
	return 0
}

// identOf tells personal numbers.
func identOf(c *chain, near *context) int {
	introduced := nearest(near.ident, near.order, near.phone, near.card, near.passport)
	for b := c.n; b >= 1; b-- {
		n := c.size(b)
		if n < 9 || n > 14 || !c.whole(b) {
			continue
		}
		d := c.text(b)
		switch {
		case b == 1 && kgPIN(d) && (near.order == far || introduced):
			return b
		case c.laid(b, 3, 3, 3, 2) && (introduced || snils(d)):
			return b
		case introduced && (kgPIN(d) || ruINN(d) || kzIIN(d) || snils(d)):
			return b
		case introduced && (c.laid(b, 3, 2, 4) || c.laid(b, 3, 3, 3)):
			return b
		case b == 1 && near.order == far && near.phone == far && near.number == far && !near.unit && n == 12 && (ruINN(d) || kzIIN(d)) && !begins(d, "996"):
			return b
		}
	}
	if !introduced {
		return 0
	}
	if n := c.size(1); n >= 9 && n <= 14 {
		return 1
	}
	for b := c.n; b > 1; b-- {
		if n := c.size(b); n >= 9 && n <= 14 && c.whole(b) {
			return b
		}
	}
	return 0
}

// passportOf tells passports without letters, which a word introduces.
func passportOf(c *chain, near *context) int {
	if !nearest(near.passport, near.order, near.phone, near.ident, near.card) {
		return 0
	}
	for b := c.n; b > 0; b-- {
		if !c.whole(b) {
			continue
		}
		switch {
		case c.laid(b, 2, 2, 6), c.laid(b, 4, 6), c.laid(b, 2, 7), c.laid(b, 10), c.laid(b, 9), c.laid(b, 2, 8), c.laid(b, 3, 3, 3):
			return b
		case c.laid(b, 7), c.laid(b, 8):
			if near.passport <= 3 {
				return b
			}
		}
	}
	return 0
}

// continues says whether a longer number, which is nobody's, goes on with token i: an account's, an order's.
func (x *scanner) continues(i int) bool {
	if i < 1 || x.redacted(i-1) {
		return false
	}
	t := &x.d.Tokens[i-1]
	return t.End-t.Start >= 3 && isDigit(x.s[t.End-1]) && x.d.Tokens[i].Start-t.End <= 1
}
