package population

import (
	"cmp"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/segment"
)

// block is what conditions work on: rows from first to before first+rows, which fill the words that are wanted.
type block struct {
	p           *Population
	first, rows int
	evaluator   *segment.Evaluator
	// spare are buffers of numbers that nobody uses.
	spare [][]float64
}

// words is how many words the block has; the bits of the last one that are beyond the rows mean nothing.
func (b *block) words() int { return (b.rows + wordRows - 1) / wordRows }

// end is the row after the last one of a word, counted within the block.
func (b *block) end(word int) int { return min((word+1)*wordRows, b.rows) }

// condition is a condition over columns. want are the rows for which it is asked: for others it may come to anything.
type condition interface {
	evaluate(b *block, want *[blockWords]uint64, out *truth)
	// price orders conditions that are joined: the dearer comes last, when it is asked for fewer rows.
	price() int
}

// Prices.
const (
	cheap = iota
	calculated
	looked
	interpreted
)

type (
	constant segment.Outcome
	both     struct{ first, second condition }
	either   struct{ first, second condition }
	contrary struct{ of condition }
	choice   struct{ test, then, otherwise condition }
)

func (c constant) price() int { return cheap }
func (c both) price() int     { return max(c.first.price(), c.second.price()) }
func (c either) price() int   { return max(c.first.price(), c.second.price()) }
func (c contrary) price() int { return c.of.price() }
func (c choice) price() int {
	return max(c.test.price(), c.then.price(), c.otherwise.price())
}

func (c constant) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	yes, no := -bit(segment.Outcome(c) == segment.True), -bit(segment.Outcome(c) == segment.False)
	for w := range b.words() {
		out.yes[w], out.no[w] = yes, no
	}
}

func (c contrary) evaluate(b *block, want *[blockWords]uint64, out *truth) {
	c.of.evaluate(b, want, out)
	out.yes, out.no = out.no, out.yes
}

func (c both) evaluate(b *block, want *[blockWords]uint64, out *truth) {
	c.first.evaluate(b, want, out)
	var open [blockWords]uint64
	var asked uint64
	for w := range b.words() {
		open[w] = want[w] &^ out.no[w]
		asked |= open[w]
	}
	if asked == 0 {
		return
	}
	var second truth
	c.second.evaluate(b, &open, &second)
	for w := range b.words() {
		out.yes[w] &= second.yes[w]
		// Where the first does not hold, the second was not asked for.
		out.no[w] |= second.no[w]
	}
}

func (c either) evaluate(b *block, want *[blockWords]uint64, out *truth) {
	both{contrary{c.first}, contrary{c.second}}.evaluate(b, want, out)
	out.yes, out.no = out.no, out.yes
}

func (c choice) evaluate(b *block, want *[blockWords]uint64, out *truth) {
	var test, then, otherwise truth
	c.test.evaluate(b, want, &test)
	var first, second [blockWords]uint64
	for w := range b.words() {
		first[w], second[w] = want[w]&test.yes[w], want[w]&test.no[w]
	}
	c.then.evaluate(b, &first, &then)
	c.otherwise.evaluate(b, &second, &otherwise)
	for w := range b.words() {
		out.yes[w] = test.yes[w]&then.yes[w] | test.no[w]&otherwise.yes[w]
		out.no[w] = test.yes[w]&then.no[w] | test.no[w]&otherwise.no[w]
	}
}

// lookup is a condition over one column of few values: its outcome for each.
type lookup struct {
	at       int
	outcomes []segment.Outcome
}

func (lookup) price() int { return looked }

func (c lookup) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	codes := b.p.columns[c.at].codes[b.first : b.first+b.rows]
	for w := range b.words() {
		var yes, no uint64
		for i, code := range codes[w*wordRows : b.end(w)] {
			o := c.outcomes[code]
			yes |= bit(o == segment.True) << i
			no |= bit(o == segment.False) << i
		}
		out.yes[w], out.no[w] = yes, no
	}
}

// known is whether an attribute is known: a number or a time.
type known struct{ at int }

func (known) price() int { return cheap }

func (c known) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	col := &b.p.columns[c.at]
	for w := range b.words() {
		var yes uint64
		for i := w * wordRows; i < b.end(w); i++ {
			if col.numbers != nil {
				v := col.numbers[b.first+i]
				yes |= bit(v == v) << (i % wordRows)
			} else {
				yes |= bit(col.times[b.first+i] != noTime) << (i % wordRows)
			}
		}
		out.yes[w], out.no[w] = yes, ^yes
	}
}

// rows is a condition that is evaluated a row at a time.
type rows struct{ program segment.Program }

func (rows) price() int { return interpreted }

func (c rows) evaluate(b *block, want *[blockWords]uint64, out *truth) {
	for w := range b.words() {
		var yes, no uint64
		for i := w * wordRows; i < b.end(w); i++ {
			bitOf := uint64(1) << (i % wordRows)
			if want[w]&bitOf == 0 {
				continue
			}
			switch b.evaluator.Outcome(c.program, b.p.Row(b.first+i)) {
			case segment.True:
				yes |= bitOf
			case segment.False:
				no |= bitOf
			}
		}
		out.yes[w], out.no[w] = yes, no
	}
}

// relation is how two things are compared.
type relation uint8

const (
	equal relation = iota
	unequal
	less
	lessOrEqual
)

func holds[T cmp.Ordered](r relation, a, b T) bool {
	switch r {
	case equal:
		return a == b
	case unequal:
		return a != b
	case less:
		return a < b
	}
	return a <= b
}

// moments compares a column of times with a time.
type moments struct {
	at       int
	relation relation
	// swapped tells that the time stands before the column.
	swapped bool
	time    int64
}

func (moments) price() int { return cheap }

func (c moments) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	times := b.p.columns[c.at].times[b.first : b.first+b.rows]
	for w := range b.words() {
		var yes, no uint64
		for i, t := range times[w*wordRows : b.end(w)] {
			var h bool
			if c.swapped {
				h = holds(c.relation, c.time, t)
			} else {
				h = holds(c.relation, t, c.time)
			}
			present := bit(t != noTime)
			yes |= (present & bit(h)) << i
			no |= (present & bit(!h)) << i
		}
		out.yes[w], out.no[w] = yes, no
	}
}

// ages compares how long a time is past, or to come, with a duration: sign is 1 for constant - column.
type ages struct {
	at       int
	relation relation
	swapped  bool
	from     int64
	// sign is 1 where the column is taken from the time `from`, and -1 where that is taken from the column.
	sign     int64
	duration int64
}

func (ages) price() int { return cheap }

// mostApart is how far times may lie apart in CEL, in microseconds.
const mostApart = int64(1<<63-1) / int64(time.Microsecond)

func (c ages) evaluate(b *block, _ *[blockWords]uint64, out *truth) {
	times := b.p.columns[c.at].times[b.first : b.first+b.rows]
	for w := range b.words() {
		var yes, no uint64
		for i, t := range times[w*wordRows : b.end(w)] {
			var h, present bool
			if t != noTime {
				d := c.sign * (c.from - t)
				present = d <= mostApart && d >= -mostApart
				if c.swapped {
					h = holds(c.relation, c.duration, d)
				} else {
					h = holds(c.relation, d, c.duration)
				}
			}
			yes |= bit(present && h) << i
			no |= bit(present && !h) << i
		}
		out.yes[w], out.no[w] = yes, no
	}
}
