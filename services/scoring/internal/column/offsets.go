package column

import "math"

// offsets is a column of numbers that lie close together, kept as the distance from one below them, in two bytes each where that is enough.
type offsets struct {
	base   int64
	narrow []uint16
	medium []uint32
	wide   []int64
}

func (o *offsets) at(i int) int64 {
	switch {
	case o.narrow != nil:
		return o.base + int64(o.narrow[i])
	case o.medium != nil:
		return o.base + int64(o.medium[i])
	}
	return o.wide[i]
}

// append appends a number; base is what most of the column lies above, if not far.
func (o *offsets) append(v, base int64) {
	if o.narrow == nil && o.medium == nil && o.wide == nil {
		o.base, o.narrow = base, make([]uint16, 0, capacity(0, 1))
	}
	if o.narrow != nil && !o.within(v, math.MaxUint16) {
		o.widen()
	}
	if o.medium != nil && !o.within(v, math.MaxUint32) {
		o.widen()
	}
	switch {
	case o.narrow != nil:
		o.narrow = append(reserve(o.narrow, len(o.narrow)+1), uint16(v-o.base))
	case o.medium != nil:
		o.medium = append(reserve(o.medium, len(o.medium)+1), uint32(v-o.base))
	default:
		o.wide = append(reserve(o.wide, len(o.wide)+1), v)
	}
}

// within tells whether a number lies up to `most` above the base.
func (o *offsets) within(v, most int64) bool {
	return v >= o.base && uint64(v)-uint64(o.base) <= uint64(most)
}

func (o *offsets) widen() {
	next := offsets{base: o.base - 1<<31}
	if o.narrow != nil {
		next.medium = make([]uint32, 0, cap(o.narrow))
		for i := range o.narrow {
			next.medium = append(next.medium, uint32(o.at(i)-next.base))
		}
	} else {
		next.base, next.wide = 0, make([]int64, 0, cap(o.medium))
		for i := range o.medium {
			next.wide = append(next.wide, o.at(i))
		}
	}
	*o = next
}

func (o *offsets) first(n int) offsets {
	switch {
	case o.narrow != nil:
		return offsets{base: o.base, narrow: o.narrow[:n:n]}
	case o.medium != nil:
		return offsets{base: o.base, medium: o.medium[:n:n]}
	case o.wide != nil:
		return offsets{wide: o.wide[:n:n]}
	}
	return offsets{}
}
