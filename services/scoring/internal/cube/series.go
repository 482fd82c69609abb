package cube

import (
	"sort"

	"github.com/otklik/otklik/libs/calendar"
)

// DaysPerBlock is the number of days that share a total.
const DaysPerBlock = 32

const daysPerBlock = DaysPerBlock

// totalFrom is the number of entries from which a day keeps a total: below, adding up the entries costs no more.
const totalFrom = 16

// series counts symbols over time. The zero value is empty.
type series struct {
	// blocks ascend by number and are never empty.
	blocks []block
}

// block is 32 days of a series.
type block struct {
	number int32
	// days ascend by number and are never empty.
	days  []day
	total []entry
}

// day is one day of universal time.
type day struct {
	number int32
	// entries ascend by quarter and symbol.
	entries []entry
	// total adds up the entries; nil when there are few.
	total []entry
}

// split is the day of a bucket and the quarter within it.
func split(b calendar.Bucket) (number int32, slot int) {
	number = floorDiv(int32(b), calendar.BucketsPerDay)
	return number, int(int64(b) - int64(number)*calendar.BucketsPerDay)
}

// floorDiv is a/b rounded down, for b > 0.
func floorDiv(a, b int32) int32 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// count is the count of a symbol in a bucket, and in the block that the bucket belongs to.
func (s *series) count(b calendar.Bucket, symbol uint32) (inBucket, inBlock int64) {
	number, slot := split(b)
	i, found := s.findBlock(floorDiv(number, daysPerBlock))
	if !found {
		return 0, 0
	}
	blk := &s.blocks[i]
	if j, found := blk.findDay(number); found {
		inBucket = countAt(blk.days[j].entries, newEntry(slot, symbol, 0).place())
	}
	return inBucket, countAt(blk.total, newEntry(0, symbol, 0).place())
}

// slots is the entries of the quarters from first to before end.
func (d *day) slots(first, end int) []entry {
	if first == 0 && end >= calendar.BucketsPerDay {
		return d.entries
	}
	i, _ := find(d.entries, newEntry(first, 0, 0).place())
	j, _ := find(d.entries, newEntry(end, 0, 0).place())
	return d.entries[i:j]
}

// isEmpty tells whether nothing is counted.
func (s *series) isEmpty() bool { return len(s.blocks) == 0 }

// extent is the period from the first to the last bucket in which something is counted.
func (s *series) extent() calendar.Period {
	if s.isEmpty() {
		return calendar.Period{}
	}
	first := &s.blocks[0].days[0]
	lastBlock := &s.blocks[len(s.blocks)-1]
	last := &lastBlock.days[len(lastBlock.days)-1]
	return calendar.Period{
		First: dayStart(first.number) + calendar.Bucket(first.entries[0].slot()),
		End:   dayStart(last.number) + calendar.Bucket(last.entries[len(last.entries)-1].slot()) + 1,
	}
}

// dayStart is the first bucket of a day.
func dayStart(number int32) calendar.Bucket { return calendar.Bucket(number) * calendar.BucketsPerDay }

func (s *series) findBlock(number int32) (int, bool) {
	i := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].number >= number })
	return i, i < len(s.blocks) && s.blocks[i].number == number
}

func (b *block) findDay(number int32) (int, bool) {
	i := sort.Search(len(b.days), func(i int) bool { return b.days[i].number >= number })
	return i, i < len(b.days) && b.days[i].number == number
}
