package redislog

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
)

// assign spreads partitions over members: each goes to the member that it prefers most among those with room, and each member has room for its
// even share, so that few partitions move when a member comes or goes. All who know the same members come to the same result.
func assign(members []string, partitions int) []string {
	owners := make([]string, partitions)
	if len(members) == 0 {
		return owners
	}
	members = slices.Compact(slices.Sorted(slices.Values(members)))
	least, more := partitions/len(members), partitions%len(members)
	load := make(map[string]int, len(members))
	for p := range partitions {
		for _, m := range preferred(members, p) {
			// As many members as there are partitions left over take one more than the others.
			if load[m] < least || load[m] == least && more > 0 {
				if load[m] == least {
					more--
				}
				load[m]++
				owners[p] = m
				break
			}
		}
	}
	return owners
}

// preferred orders members by how much a partition prefers them (rendezvous hashing).
func preferred(members []string, partition int) []string {
	weights := make(map[string]uint64, len(members))
	for _, m := range members {
		h := fnv.New64a()
		_, _ = h.Write([]byte(strconv.Itoa(partition) + "/" + m)) // it cannot fail
		w := h.Sum64()
		w ^= w >> 33
		w *= 0xff51afd7ed558ccd
		weights[m] = w ^ w>>33
	}
	return slices.SortedFunc(slices.Values(members), func(a, b string) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), cmp.Compare(a, b))
	})
}
