package directory

// Tree are regions with the ones that they lie in; empty for those that lie in none.
type Tree map[string]string

// Order returns regions so that each comes after the one that it lies in, and those that would lie in themselves, or in one of these.
func (t Tree) Order(ids []string) (ordered, circular []string) {
	const (
		open = iota + 1
		placed
		refused
	)
	state := make(map[string]int, len(ids))
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	for _, id := range ids {
		// The way up, as far as it is not known.
		var way []string
		at := id
		for at != "" && state[at] == 0 {
			state[at] = open
			way = append(way, at)
			at = t[at]
		}
		end := placed
		if at != "" && state[at] != placed {
			end = refused
		}
		for i := len(way) - 1; i >= 0; i-- {
			state[way[i]] = end
			if end == placed && asked[way[i]] {
				ordered = append(ordered, way[i])
			}
		}
	}
	for _, id := range ids {
		if state[id] == refused {
			circular = append(circular, id)
		}
	}
	return ordered, circular
}
