package column

import (
	"math/bits"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
)

// blockRows is the greatest number of rows of a block: their positions fit two bytes.
const blockRows = 1 << 16

// lateSeconds is how far before the start of its bucket a row may have been received, for the receipt to be kept in two bytes: clocks differ.
const lateSeconds = 1 << 12

// block holds some rows by columns. One that readers see never changes, but for its cache; the writer's open block grows behind the end of
// what they see.
type block struct {
	// n is the number of rows with those that were taken away, which are marked in dead; live is the number of the others.
	n, live int
	dead    []uint64
	// least and most bound the buckets, latest the times of receipt.
	least, most calendar.Bucket
	latest      int64
	// mixed tells that some row counts earlier than one before it.
	mixed bool
	// who holds whoCode of each row; perWho counts the live ones.
	who    []uint8
	perWho [whoCodes]int32
	ids    []uint64
	// buckets are when rows count, delays how long after the start of the bucket they were received.
	buckets, delays offsets
	// respondents is nil when nobody is named, weights when all are 1.
	respondents []uint64
	weights     []float64
	// columns by the index of the field; fields beyond the end are absent.
	columns []codes
	// cache is nil in the open block.
	cache *cache
}

// whoCodes is the number of codes of who.
const whoCodes = 32

func (w who) code() uint8 { return uint8(w.population)<<2 | uint8(w.outcome) }

// responses is the number of live rows that are no refusals.
func (b *block) responses() (n int64) {
	for code, rows := range b.perWho {
		if Outcome(code&3) == Response {
			n += int64(rows)
		}
	}
	return n
}

// head is all of a row but the values of its columns.
type head struct {
	bucket     calendar.Bucket
	id         uint64
	received   int64
	respondent uint64
	weight     float64
	who        uint8
}

func (b *block) add(h *head) {
	if b.n == 0 {
		b.least, b.most, b.latest = h.bucket, h.bucket, h.received
	}
	b.mixed = b.mixed || h.bucket < b.most
	b.least, b.most, b.latest = min(b.least, h.bucket), max(b.most, h.bucket), max(b.latest, h.received)
	b.who = append(reserve(b.who, b.n+1), h.who)
	b.perWho[h.who]++
	b.ids = append(reserve(b.ids, b.n+1), h.id)
	b.buckets.append(int64(h.bucket), int64(h.bucket)-1<<14)
	b.delays.append(h.received-start(h.bucket), -lateSeconds)
	if h.respondent != 0 && b.respondents == nil {
		b.respondents = make([]uint64, b.n, capacity(0, b.n+1))
	}
	if b.respondents != nil {
		b.respondents = append(reserve(b.respondents, b.n+1), h.respondent)
	}
	if h.weight != 1 && b.weights == nil {
		b.weights = make([]float64, b.n, capacity(0, b.n+1))
		for i := range b.weights {
			b.weights[i] = 1
		}
	}
	if b.weights != nil {
		b.weights = append(reserve(b.weights, b.n+1), h.weight)
	}
	b.n++
	b.live++
}

func (b *block) head(i int) head {
	h := head{bucket: calendar.Bucket(b.buckets.at(i)), id: b.ids[i], respondent: b.respondent(i), weight: b.weight(i), who: b.who[i]}
	h.received = start(h.bucket) + b.delays.at(i)
	return h
}

func (b *block) respondent(i int) uint64 {
	if b.respondents == nil {
		return 0
	}
	return b.respondents[i]
}

func (b *block) weight(i int) float64 {
	if b.weights == nil {
		return 1
	}
	return b.weights[i]
}

// column is the column of a field; absent where the block has none.
func (b *block) column(field int) *codes {
	if field < 0 || field >= len(b.columns) {
		return &codes{}
	}
	return &b.columns[field]
}

// own is the column of a field, for writing.
func (b *block) own(field int) *codes {
	for field >= len(b.columns) {
		b.columns = append(b.columns, codes{})
	}
	return &b.columns[field]
}

// alive tells whether a row was not taken away.
func (b *block) alive(i int) bool { return b.dead == nil || b.dead[i/64]&(1<<(i%64)) == 0 }

// without is the block without some rows. The cache is a new one, since what it counted is no longer so.
func (b *block) without(dead []uint64) *block {
	next := *b
	next.dead = dead
	for i, w := range dead {
		if b.dead != nil {
			w &^= b.dead[i]
		}
		for ; w != 0; w &= w - 1 {
			next.perWho[b.who[i*64+bits.TrailingZeros64(w)]]--
			next.live--
		}
	}
	return &next
}

// freeze is the block as readers may see it.
func (b *block) freeze() *block {
	next := *b
	next.who, next.ids = b.who[:b.n:b.n], b.ids[:b.n:b.n]
	next.buckets, next.delays = b.buckets.first(b.n), b.delays.first(b.n)
	if b.respondents != nil {
		next.respondents = b.respondents[:b.n:b.n]
	}
	if b.weights != nil {
		next.weights = b.weights[:b.n:b.n]
	}
	next.columns = make([]codes, len(b.columns))
	for i := range b.columns {
		b.columns[i].pad(b.n)
		next.columns[i] = b.columns[i].first(b.n)
	}
	return &next
}

// copyLive appends the live rows of another block.
func (b *block) copyLive(from *block) {
	at := b.n
	rows := make([]int, 0, from.live)
	for i := range from.n {
		if from.alive(i) {
			h := from.head(i)
			b.add(&h)
			rows = append(rows, i)
		}
	}
	list := make([]uint32, len(rows))
	for field := range from.columns {
		c := &from.columns[field]
		if c.absent() {
			continue
		}
		var greatest uint32
		for i, row := range rows {
			list[i] = c.at(row)
			greatest = max(greatest, list[i])
		}
		if greatest > 0 {
			b.own(field).append(at, list, greatest)
		}
	}
}

// thaw is a block of the writer's own that grows behind the end of one that readers see. Only one may grow behind the same block.
func thaw(b *block) *block {
	next := *b
	next.dead, next.columns, next.cache = slices.Clone(b.dead), slices.Clone(b.columns), nil
	return &next
}
