package redaction

// international tells phone numbers with a plus: where the country's numbers have one length they are cut there.
func international(c *chain) int {
	want := 0
	d := c.text(c.n)
	if d[0] == '0' {
		return 0
	}
	switch {
	case begins(d, "996"), begins(d, "998"), begins(d, "992"), begins(d, "994"), begins(d, "995"), begins(d, "380"), begins(d, "375"):
		want = 12
	case begins(d, "7"), begins(d, "1"), begins(d, "374"), begins(d, "993"):
		want = 11
	case begins(d, "90"), begins(d, "91"), begins(d, "44"):
		want = 12
	case begins(d, "86"), begins(d, "82"):
		want = 13
	}
	if want > 0 {
		for b := 1; b <= c.n; b++ {
			if c.size(b) == want {
				return b
			}
		}
	}
	best := 0
	for b := 1; b <= c.n; b++ {
		if n := c.size(b); n >= 9 && n <= 15 && (n <= want+1 || want == 0 || best == 0) {
			best = b
		}
	}
	return best
}

func begins(d []byte, with string) bool { return len(d) >= len(with) && string(d[:len(with)]) == with }

// need is what a form asks of the words around.
type need uint8

// Needs.
const (
	anywhere   need = iota // no word about another number
	grouped                // more than one group, or a word that introduces a phone number
	introduced             // a word that introduces a phone number
)

// forms are plain numbers by length and first digits, the surest first.
var forms = []struct {
	digits int
	first  []string
	needs  need
}{
	{14, []string{"00996"}, anywhere},
	{13, []string{"007"}, anywhere},
	{12, []string{"9962", "9963", "9964", "9965", "9967", "9968", "9969"}, anywhere},
	{11, []string{"79", "77", "73", "74", "78", "70"}, anywhere},
	{11, []string{"89", "87", "83", "84", "88"}, anywhere},
	{10, []string{"02", "03", "05", "07", "09"}, anywhere},
	{12, []string{"998", "992", "994", "995", "380", "375"}, grouped},
	{11, []string{"374", "993"}, grouped},
	{11, []string{"12", "13", "14", "15", "16", "17", "18", "19"}, grouped},
	{11, []string{"01", "02", "07"}, grouped},
}

// layouts of numbers without the first digits.
var layouts = []struct {
	lengths []int
	gaps    []gap
	needs   need
}{
	{[]int{3, 3, 2, 2}, []gap{space, dash, point, bracket}, anywhere},
	{[]int{3, 3, 4}, []gap{dash, point, bracket}, anywhere},
	{[]int{3, 3, 4}, []gap{space, dash, point, bracket}, grouped},
	{[]int{3, 7}, []gap{bracket}, anywhere},
	{[]int{3, 2, 2, 2}, []gap{space, dash, point, bracket}, anywhere},
	{[]int{3, 3, 3}, []gap{dash, bracket}, introduced},
	{[]int{4, 2, 2, 2}, []gap{bracket, dash, space}, introduced},
	{[]int{3, 2, 2}, []gap{dash, space}, introduced},
	{[]int{2, 2, 2}, []gap{dash, space}, introduced},
	{[]int{3, 3}, []gap{dash, space}, introduced},
	{[]int{3, 4}, []gap{dash, space}, introduced},
}

// phoneOf tells phone numbers without a plus.
func phoneOf(c *chain, near *context) int {
	named := nearest(near.phone, near.order, near.card, near.ident, near.passport)
	other := !named && (near.order < far || near.card < 4 || near.ident < 4 || near.passport < 4)
	met := func(b int, n need) bool {
		switch n {
		case anywhere:
			return named || !(near.unit && b == c.n && c.digits[0] != '0') && !(other && b == 1)
		case grouped:
			return named || !(near.unit && b == c.n) && !other && b > 1
		}
		return named
	}
	for _, f := range forms {
		for b := 1; b <= c.n; b++ {
			if c.size(b) != f.digits || !c.whole(b) || !met(b, f.needs) || b == 1 && other || odd(c, b) {
				continue
			}
			for _, first := range f.first {
				if begins(c.text(b), first) {
					return b
				}
			}
		}
	}
	if round(c) {
		return 0
	}
	for _, l := range layouts {
		b := len(l.lengths)
		if b <= c.n && c.whole(b) && c.laid(b, l.lengths...) && c.gaps(b, l.gaps...) && met(b, l.needs) && !other {
			return b
		}
	}
	if mobile := c.text(1); c.n >= 3 && c.laid(3, 3, 3, 3) && c.whole(3) && met(3, grouped) && kgCode(mobile) {
		return 3
	}
	if c.laid(1, 9) && kgCode(c.text(1)) && (named || near.number <= 2 && !other) {
		return 1
	}
	return spoken(c, near, named)
}

// spoken tells the numbers that are phones only because a word says so.
func spoken(c *chain, near *context, named bool) int {
	if !named || near.phone > 4 {
		return 0
	}
	for b := c.n; b > 0; b-- {
		if n := c.size(b); n >= 9 && n <= 13 && c.whole(b) {
			return b
		}
	}
	if n := c.size(c.n); (n == 6 || n == 7) && c.n == 1 && near.phone <= 2 && near.order == far && !near.unit {
		return c.n
	}
	return 0
}

// odd says whether the groups are such as no phone number has: single digits behind the first, dates, thousands.
func odd(c *chain, b int) bool {
	if c.upto[1] == 1 && b == 2 && c.groups[1].before == point { // 0.555
		return true
	}
	for k := 1; k < b; k++ {
		if c.upto[k+1]-c.upto[k] < 2 {
			return true
		}
	}
	if c.digits[0] == '1' && b > 1 && !c.laid(b, 1, 3, 3, 4) && !c.laid(b, 1, 10) {
		return true
	}
	return c.laid(b, 2, 2, 4, 2) || c.laid(b, 2, 2, 4, 2, 2)
}

// round says whether all groups end in 0, as prices do.
func round(c *chain) bool {
	for k := range c.n {
		if c.digits[c.upto[k+1]-1] != '0' {
			return false
		}
	}
	return true
}

// kgCode tells the codes of mobile numbers of Kyrgyzstan without the 0.
func kgCode(d []byte) bool {
	switch string(d[:2]) {
	case "50", "51", "55", "54", "57", "70", "75", "77", "99", "22", "20", "88":
		return true
	}
	return false
}
