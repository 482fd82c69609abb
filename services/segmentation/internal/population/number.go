package population

// quantity is a number a row, calculated from columns.
type quantity interface {
	// fill fills in the numbers of a block; unknown gets a bit where one of the columns has none.
	fill(b *block, into []float64, unknown *[blockWords]uint64)
}

type (
	figure   float64
	measured struct{ at int }
	negative struct{ of quantity }
	formula  struct {
		operator      byte
		first, second quantity
	}
)

func (q figure) fill(b *block, into []float64, _ *[blockWords]uint64) {
	for i := range into[:b.rows] {
		into[i] = float64(q)
	}
}

func (q measured) fill(b *block, into []float64, unknown *[blockWords]uint64) {
	copy(into, b.p.columns[q.at].numbers[b.first:b.first+b.rows])
	for w := range b.words() {
		for i := w * wordRows; i < b.end(w); i++ {
			unknown[w] |= bit(into[i] != into[i]) << (i % wordRows)
		}
	}
}

func (q negative) fill(b *block, into []float64, unknown *[blockWords]uint64) {
	q.of.fill(b, into, unknown)
	for i := range into[:b.rows] {
		into[i] = -into[i]
	}
}

func (q formula) fill(b *block, into []float64, unknown *[blockWords]uint64) {
	q.first.fill(b, into, unknown)
	second := b.borrow()
	defer b.giveBack(second)
	q.second.fill(b, second, unknown)
	// Conversions keep the compiler from joining two operations into one that rounds once: the interpreter rounds each.
	for i, y := range second[:b.rows] {
		switch q.operator {
		case '+':
			into[i] = float64(into[i] + y)
		case '-':
			into[i] = float64(into[i] - y)
		case '*':
			into[i] = float64(into[i] * y)
		default:
			into[i] = float64(into[i] / y)
		}
	}
}

// borrow is a buffer for the numbers of a block.
func (b *block) borrow() []float64 {
	if n := len(b.spare); n > 0 {
		last := b.spare[n-1]
		b.spare = b.spare[:n-1]
		return last
	}
	return make([]float64, blockRows)
}

func (b *block) giveBack(buffer []float64) { b.spare = append(b.spare, buffer) }

// comparison compares two numbers a row.
type comparison struct {
	relation      relation
	first, second quantity
}

func (comparison) price() int { return calculated }

func (c comparison) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	var unknown [blockWords]uint64
	first, second := b.borrow(), b.borrow()
	defer b.giveBack(first)
	defer b.giveBack(second)
	c.first.fill(b, first, &unknown)
	c.second.fill(b, second, &unknown)
	for w := range b.words() {
		var yes uint64
		for i := w * wordRows; i < b.end(w); i++ {
			yes |= bit(holds(c.relation, first[i], second[i])) << (i % wordRows)
		}
		out.yes[w], out.no[w] = yes&^unknown[w], ^yes&^unknown[w]
	}
}

// level compares a column of numbers with a number: the commonest comparison, without buffers.
type level struct {
	at       int
	relation relation
	swapped  bool
	number   float64
}

func (level) price() int { return cheap }

func (c level) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	numbers := b.p.columns[c.at].numbers[b.first : b.first+b.rows]
	for w := range b.words() {
		var yes, present uint64
		for i, x := range numbers[w*wordRows : b.end(w)] {
			if c.swapped {
				yes |= bit(holds(c.relation, c.number, x)) << i
			} else {
				yes |= bit(holds(c.relation, x, c.number)) << i
			}
			present |= bit(x == x) << i
		}
		out.yes[w], out.no[w] = yes&present, ^yes&present
	}
}

// among is whether a number is one of several.
type among struct {
	at      int
	numbers map[float64]bool
}

func (among) price() int { return calculated }

func (c among) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	numbers := b.p.columns[c.at].numbers[b.first : b.first+b.rows]
	for w := range b.words() {
		var yes, present uint64
		for i, x := range numbers[w*wordRows : b.end(w)] {
			yes |= bit(c.numbers[x]) << i
			present |= bit(x == x) << i
		}
		out.yes[w], out.no[w] = yes&present, ^yes&present
	}
}
