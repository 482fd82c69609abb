package column

import (
	"cmp"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
)

// frame is a list of changes by columns: what a section holds.
type frame struct {
	buckets  []calendar.Bucket
	ids      []uint64
	received []int64
	// respondents is empty when nobody is named, counts when all are 1.
	respondents []uint64
	counts      []int64
	// columns ascend by kind and name in a frame that is canonical.
	columns []frameColumn
}

// frameColumn is one column of a frame: for each row 0 where it lacks the column, else 1 + the index of its entry.
type frameColumn struct {
	kind    columnKind
	name    string
	entries []string
	codes   []uint32
}

func (f *frame) len() int { return len(f.ids) }

func (f *frame) respondent(i int) uint64 {
	if len(f.respondents) == 0 {
		return 0
	}
	return f.respondents[i]
}

func (f *frame) count(i int) int64 {
	if len(f.counts) == 0 {
		return 1
	}
	return f.counts[i]
}

// builder makes a frame row by row or out of other frames.
type builder struct {
	frame
	index map[columnName]*builderColumn
	order []*builderColumn
	entry []byte
}

type columnName struct {
	kind columnKind
	name string
}

type builderColumn struct {
	frameColumn
	index map[string]uint32
}

func newBuilder(rows int) *builder {
	return &builder{
		index: make(map[columnName]*builderColumn),
		frame: frame{
			buckets: make([]calendar.Bucket, 0, rows), ids: make([]uint64, 0, rows), received: make([]int64, 0, rows),
			respondents: make([]uint64, 0, rows), counts: make([]int64, 0, rows),
		},
	}
}

func (b *builder) column(kind columnKind, name string) *builderColumn {
	key := columnName{kind, name}
	c := b.index[key]
	if c == nil {
		c = &builderColumn{frameColumn: frameColumn{kind: kind, name: name}, index: make(map[string]uint32)}
		b.index[key] = c
		b.order = append(b.order, c)
	}
	return c
}

// code is the code of an entry, which is made known where it is not.
func (c *builderColumn) code(entry []byte) uint32 {
	code, ok := c.index[string(entry)]
	if !ok {
		s := string(entry)
		c.entries = append(c.entries, s)
		code = uint32(len(c.entries))
		c.index[s] = code
	}
	return code
}

// set gives row i of the column a code; rows before that have none lack the column.
func (c *builderColumn) set(i int, code uint32) {
	for len(c.codes) < i {
		c.codes = append(c.codes, 0)
	}
	c.codes = append(c.codes, code)
}

func (b *builder) add(c *Change) {
	r, i := &c.Row, b.len()
	b.buckets, b.ids = append(b.buckets, r.Bucket), append(b.ids, r.ID)
	b.received, b.respondents = append(b.received, r.Received), append(b.respondents, r.Respondent)
	b.counts = append(b.counts, int64(c.Count))
	put := func(kind columnKind, name string, entry []byte) {
		b.entry = entry
		column := b.column(kind, name)
		column.set(i, column.code(entry))
	}
	put(whoColumn, "", appendWho(b.entry[:0], r.Population, r.Outcome))
	put(weightColumn, "", appendWeight(b.entry[:0], r.Weight))
	for j := range r.Keys {
		put(keyColumn, r.Keys[j].Name, appendValues(b.entry[:0], r.Keys[j].Values))
	}
	for j := range r.Answers {
		put(answerColumn, r.Answers[j].Question, appendAnswer(b.entry[:0], &r.Answers[j]))
	}
}

func (b *builder) addFrame(f *frame) {
	start := b.len()
	b.buckets, b.ids, b.received = append(b.buckets, f.buckets...), append(b.ids, f.ids...), append(b.received, f.received...)
	for i := range f.len() {
		b.respondents, b.counts = append(b.respondents, f.respondent(i)), append(b.counts, f.count(i))
	}
	var codes []uint32
	for i := range f.columns {
		from := &f.columns[i]
		to := b.column(from.kind, from.name)
		codes = append(codes[:0], 0)
		for _, e := range from.entries {
			b.entry = append(b.entry[:0], e...)
			codes = append(codes, to.code(b.entry))
		}
		for j, c := range from.codes {
			to.set(start+j, codes[c])
		}
	}
}

// canonical is the frame in its only form: rows ascend, equal ones are added up, those that cancel out are gone, and so are entries and columns
// that no row is left of.
func (b *builder) canonical() *frame {
	f := &b.frame
	for _, c := range b.order {
		for len(c.codes) < f.len() {
			c.codes = append(c.codes, 0)
		}
		c.sortEntries()
		f.columns = append(f.columns, c.frameColumn)
	}
	slices.SortFunc(f.columns, func(a, b frameColumn) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.name, b.name))
	})
	f.sum()
	f.prune()
	if !anyNot(f.respondents, 0) {
		f.respondents = nil
	}
	if !anyNot(f.counts, 1) {
		f.counts = nil
	}
	return f
}

// sortEntries brings the entries into ascending order.
func (c *frameColumn) sortEntries() {
	if slices.IsSorted(c.entries) {
		return
	}
	order := make([]uint32, len(c.entries))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return strings.Compare(c.entries[a], c.entries[b]) })
	entries, codes := make([]string, len(order)), make([]uint32, len(order)+1)
	for to, from := range order {
		entries[to] = c.entries[from]
		codes[from+1] = uint32(to) + 1
	}
	c.entries = entries
	for i, code := range c.codes {
		c.codes[i] = codes[code]
	}
}

// compare orders two rows of a frame whose entries and columns are in order: by bucket and identifier, then by all the rest.
func (f *frame) compare(i, j int) int {
	if c := cmp.Compare(f.buckets[i], f.buckets[j]); c != 0 {
		return c
	}
	if c := cmp.Compare(f.ids[i], f.ids[j]); c != 0 {
		return c
	}
	if c := cmp.Or(cmp.Compare(f.received[i], f.received[j]), cmp.Compare(f.respondent(i), f.respondent(j))); c != 0 {
		return c
	}
	for k := range f.columns {
		if c := cmp.Compare(f.columns[k].codes[i], f.columns[k].codes[j]); c != 0 {
			return c
		}
	}
	return 0
}

// sum sorts the rows, adds up equal ones, and leaves out those that cancel out.
func (f *frame) sum() {
	order := make([]int32, f.len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return f.compare(int(a), int(b)) })
	kept, counts := order[:0], make([]int64, 0, len(order))
	for at := 0; at < len(order); {
		first, count := order[at], int64(0)
		for ; at < len(order) && (order[at] == first || f.compare(int(order[at]), int(first)) == 0); at++ {
			count += f.counts[order[at]]
		}
		if count != 0 {
			kept, counts = append(kept, first), append(counts, count)
		}
	}
	f.buckets, f.ids, f.received = gather(f.buckets, kept), gather(f.ids, kept), gather(f.received, kept)
	f.respondents, f.counts = gather(f.respondents, kept), counts
	for i := range f.columns {
		f.columns[i].codes = gather(f.columns[i].codes, kept)
	}
}

func gather[T any](values []T, order []int32) []T {
	out := make([]T, len(order))
	for i, from := range order {
		out[i] = values[from]
	}
	return out
}

// prune leaves out entries that no row has, and columns without entries.
func (f *frame) prune() {
	for i := range f.columns {
		f.columns[i].prune()
	}
	f.columns = slices.DeleteFunc(f.columns, func(c frameColumn) bool { return len(c.entries) == 0 })
}

func (c *frameColumn) prune() {
	codes := make([]uint32, len(c.entries)+1)
	for _, code := range c.codes {
		codes[code] = 1
	}
	kept := uint32(0)
	for i, e := range c.entries {
		if codes[i+1] != 0 {
			c.entries[kept] = e
			kept++
			codes[i+1] = kept
		}
	}
	if int(kept) == len(c.entries) {
		return
	}
	c.entries = c.entries[:kept]
	codes[0] = 0
	for i, code := range c.codes {
		c.codes[i] = codes[code]
	}
}

func anyNot[T comparable](values []T, x T) bool {
	return slices.ContainsFunc(values, func(v T) bool { return v != x })
}
