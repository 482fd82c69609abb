package redislog

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestAssignSharesEvenly: each partition has an owner, no member has more than one partition more than another, whatever the order in which
// members are told of, and few partitions move when one goes.
func TestAssignSharesEvenly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		partitions := rapid.IntRange(1, 64).Draw(rt, "partitions")
		members := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,8}-[0-9]{1,4}`), 1, 12, rapid.ID[string]).Draw(rt, "members")
		owners := assign(members, partitions)
		load := make(map[string]int)
		for _, o := range owners {
			load[o]++
		}
		least, most := partitions, 0
		for _, m := range members {
			least, most = min(least, load[m]), max(most, load[m])
		}
		if most-least > 1 || load[""] > 0 || len(load) > len(members) {
			rt.Errorf("loads %v", load)
		}
		shuffled := rapid.Permutation(members).Draw(rt, "shuffled")
		if again := assign(shuffled, partitions); !slices.Equal(owners, again) {
			rt.Errorf("%v, in another order %v", owners, again)
		}
	})
}

func TestAssignMovesLittle(t *testing.T) {
	const partitions = 64
	var members []string
	for i := range 8 {
		members = append(members, "scoring-"+strconv.Itoa(i))
	}
	before, after := assign(members, partitions), assign(members[:7], partitions)
	moved := 0
	for p := range partitions {
		if before[p] != after[p] && before[p] != members[7] {
			moved++
		}
	}
	// Those of the member that left have to move; were partitions dealt out in turn, most others would too.
	if moved > partitions/4 {
		t.Errorf("%d partitions moved from members that stayed", moved)
	}
	if owners := assign(nil, 2); owners[0] != "" || owners[1] != "" {
		t.Errorf("owners %q without members", owners)
	}
}
