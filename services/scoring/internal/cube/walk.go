package cube

import (
	"slices"

	"github.com/otklik/otklik/libs/calendar"
)

// accumulator adds up entries symbol by symbol.
type accumulator struct {
	counts  []int64
	touched []uint32
}

// reset makes room for symbols below n and forgets all counts.
func (a *accumulator) reset(n int) {
	for _, s := range a.touched {
		a.counts[s] = 0
	}
	a.touched = a.touched[:0]
	if len(a.counts) < n {
		a.counts = make([]int64, n)
	}
}

func (a *accumulator) add(entries []entry) {
	for _, e := range entries {
		s := e.symbol()
		if a.counts[s] == 0 {
			a.touched = append(a.touched, s)
		}
		a.counts[s] += int64(e.count())
	}
}

// entries appends the sums as entries of a total, in order.
func (a *accumulator) entries(out []entry) []entry {
	if !slices.IsSorted(a.touched) {
		slices.Sort(a.touched)
	}
	for _, s := range a.touched {
		out = append(out, newEntry(0, s, uint32(a.counts[s])))
	}
	return out
}

// sum adds up what the series counts within a period: whole blocks and whole days by their totals, the rest by quarters.
func (s *series) sum(p calendar.Period, a *accumulator) {
	if p.IsEmpty() {
		return
	}
	firstDay, _ := split(p.First)
	i, _ := s.findBlock(floorDiv(firstDay, daysPerBlock))
	for ; i < len(s.blocks); i++ {
		b := &s.blocks[i]
		first := int64(b.number) * daysPerBlock * calendar.BucketsPerDay
		if first >= int64(p.End) {
			return
		}
		if int64(p.First) <= first && first+daysPerBlock*calendar.BucketsPerDay <= int64(p.End) {
			a.add(b.total)
			continue
		}
		b.sum(p, firstDay, a)
	}
}

func (b *block) sum(p calendar.Period, firstDay int32, a *accumulator) {
	j, _ := b.findDay(firstDay)
	for ; j < len(b.days); j++ {
		d := &b.days[j]
		first := int64(d.number) * calendar.BucketsPerDay
		if first >= int64(p.End) {
			return
		}
		from := max(int64(p.First)-first, 0)
		to := min(int64(p.End)-first, calendar.BucketsPerDay)
		if whole := from == 0 && to == calendar.BucketsPerDay; whole && d.total != nil {
			a.add(d.total)
			continue
		}
		a.add(d.slots(int(from), int(to)))
	}
}
