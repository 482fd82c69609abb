package redaction

// unread looks at what lies between two tokens: tags of HTML, which are no tokens, can hold addresses and numbers.
func (x *scanner) unread(start, end int32) {
	const least = 6
	for i := max(start, x.done); end-i >= least && i < end; i++ {
		switch c := x.s[i]; {
		case c == '@':
			if from := x.local(i); from < i && from >= start {
				if to, _ := x.domain(i + 1); to > 0 && to <= end {
					x.put(Email, from, to)
					i = to
				}
			}
		case isDigit(c):
			var n chain
			last, ok := n.read(x.s, i)
			if !ok || last > end {
				i = max(i, min(last, end))
				continue
			}
			x.steps++
			x.prefix(&n)
			near := context{2, far, far, far, far, far, false}
			b := phoneOf(&n, &near)
			if n.plus {
				b = international(&n)
			}
			if b > 0 && n.start >= start {
				x.put(Phone, n.start, n.end(b))
			}
			i = last
		}
	}
}
