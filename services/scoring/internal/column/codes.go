package column

import "slices"

// code is a position in a dictionary, in as many bytes as a column needs.
type code interface{ uint8 | uint16 | uint32 }

// codes is a column of codes: one of the slices, or none where all codes are 0, which is to say that no row has the column.
type codes struct {
	narrow []uint8
	medium []uint16
	wide   []uint32
}

func (c *codes) absent() bool { return c.narrow == nil && c.medium == nil && c.wide == nil }

func (c *codes) len() int { return len(c.narrow) + len(c.medium) + len(c.wide) }

func (c *codes) at(i int) uint32 {
	switch {
	case c.narrow != nil:
		return uint32(c.narrow[i])
	case c.medium != nil:
		return uint32(c.medium[i])
	case c.wide != nil:
		return c.wide[i]
	}
	return 0
}

// fit makes room for codes up to the greatest, and for n of them.
func (c *codes) fit(greatest uint32, n int) {
	switch {
	case c.absent() && greatest <= 0xff:
		c.narrow = make([]uint8, 0, capacity(0, n))
	case greatest > 0xff && c.narrow != nil:
		c.medium = widen[uint8, uint16](c.narrow, n)
		c.narrow = nil
	case greatest > 0xff && c.absent():
		c.medium = make([]uint16, 0, capacity(0, n))
	}
	if greatest > 0xffff && c.medium != nil {
		c.wide = widen[uint16, uint32](c.medium, n)
		c.medium = nil
	}
	switch {
	case c.narrow != nil:
		c.narrow = reserve(c.narrow, n)
	case c.medium != nil:
		c.medium = reserve(c.medium, n)
	case c.wide != nil:
		c.wide = reserve(c.wide, n)
	}
}

// append appends codes of which one is the greatest, from row `at` on; rows before that have none get 0.
func (c *codes) append(at int, list []uint32, greatest uint32) {
	if greatest == 0 {
		return
	}
	c.fit(greatest, at+len(list))
	switch {
	case c.narrow != nil:
		c.narrow = extend(pad(c.narrow, at), list)
	case c.medium != nil:
		c.medium = extend(pad(c.medium, at), list)
	case c.wide != nil:
		c.wide = extend(pad(c.wide, at), list)
	}
}

// addTo adds the code of each row to a number.
func (c *codes) addTo(to []uint32) {
	switch {
	case c.narrow != nil:
		addTo(to, c.narrow)
	case c.medium != nil:
		addTo(to, c.medium)
	case c.wide != nil:
		addTo(to, c.wide)
	}
}

func addTo[T code](to []uint32, column []T) {
	for i, c := range column {
		to[i] += uint32(c)
	}
}

// pad gives rows up to n the code 0, unless the column is absent.
func (c *codes) pad(n int) {
	switch {
	case c.narrow != nil:
		c.narrow = pad(c.narrow, n)
	case c.medium != nil:
		c.medium = pad(c.medium, n)
	case c.wide != nil:
		c.wide = pad(c.wide, n)
	}
}

// first is the column of the first n rows; what is appended to c later does not show in it.
func (c *codes) first(n int) codes {
	switch {
	case c.narrow != nil:
		return codes{narrow: c.narrow[:n:n]}
	case c.medium != nil:
		return codes{medium: c.medium[:n:n]}
	case c.wide != nil:
		return codes{wide: c.wide[:n:n]}
	}
	return codes{}
}

// greatest is the greatest code.
func (c *codes) greatest() uint32 {
	switch {
	case len(c.narrow) > 0:
		return uint32(slices.Max(c.narrow))
	case len(c.medium) > 0:
		return uint32(slices.Max(c.medium))
	case len(c.wide) > 0:
		return slices.Max(c.wide)
	}
	return 0
}

func extend[T code](to []T, list []uint32) []T {
	for _, x := range list {
		to = append(to, T(x))
	}
	return to
}

func widen[From, To code](from []From, n int) []To {
	to := make([]To, len(from), capacity(len(from), n))
	for i, x := range from {
		to[i] = To(x)
	}
	return to
}

// capacity doubles up to the size of a block: full blocks leave nothing unused.
func capacity(now, n int) int {
	size := max(now, 32)
	for size < n {
		size *= 2
	}
	return size
}

// reserve is the slice with room for n elements. Readers may have the part that is there: it is never written again.
func reserve[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s
	}
	out := make([]T, len(s), capacity(cap(s), n))
	copy(out, s)
	return out
}

func pad[T any](s []T, n int) []T {
	var zero T
	s = reserve(s, n)
	for len(s) < n {
		s = append(s, zero)
	}
	return s
}
