package release_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/release"
)

// world is answers that come and go, and the blocks that were formed of them.
type world struct {
	least      int
	byEmployee bool
	random     *rand.Rand
	answers    map[int64]answer
	position   int64
	blocks     []release.Block
}

type answer struct {
	question, group string
	month           release.Month
	key             fact.ContextKey
	foreign         bool
}

func (a answer) series(byEmployee bool) release.Series {
	return release.Series{Kind: cube.Answers, Question: a.question, Scale: "0-10", Population: fact.Employee, ByEmployee: byEmployee}
}

// add adds an answer, not always in the order of positions: partitions of the log and dead letters come late.
func (w *world) add() {
	w.position++
	p := w.position * 10
	if w.random.IntN(5) == 0 {
		p = w.random.Int64N(p) + 1
	}
	if _, taken := w.answers[p]; taken {
		return
	}
	a := answer{
		question: []string{"q1", "q2"}[w.random.IntN(2)], group: []string{"", "a", "a", "a", "b", "c"}[w.random.IntN(6)],
		month: release.Month(100 + w.random.IntN(2)), key: fact.Location, foreign: w.random.IntN(4) == 0,
	}
	if w.byEmployee {
		a.key = fact.EmployeeKey
	}
	w.answers[p] = a
}

// remove removes an answer.
func (w *world) remove() {
	if len(w.answers) == 0 {
		return
	}
	all := slices.Sorted(maps.Keys(w.answers))
	delete(w.answers, all[w.random.IntN(len(all))])
}

// sight is the answers that enter one score, by position.
type sight map[int64]bool

// all are the answers as they are gathered.
func (w *world) all(restricted bool) *release.Answers {
	a := &release.Answers{}
	for _, p := range slices.Sorted(maps.Keys(w.answers)) {
		x := w.answers[p]
		a.Add(x.series(w.byEmployee), release.Answer{
			Position: p, Value: p, Cell: release.Cell{Key: x.key, Group: x.group, Month: x.month}, Foreign: restricted && x.foreign,
		})
	}
	return a
}

// look forms blocks and returns what every query that is allowed is made of: each question, by each group and as a whole, in each month and over all.
// Blocks go through their encoding, as they do when they are kept.
func (w *world) look(t *rapid.T, restricted bool) map[string]sight {
	a := w.all(restricted)
	w.blocks = append(w.blocks, release.Form(w.least, a, w.blocks)...)
	for i := range w.blocks {
		decoded, err := release.Decode(w.blocks[i].Encode())
		if err != nil {
			t.Fatalf("decode: %v", err)
		}
		w.blocks[i] = decoded
	}
	seen := make(map[string]sight)
	release.Released(w.least, true, a, w.blocks, func(s release.Series, x release.Answer) {
		if restricted && w.answers[x.Position].foreign {
			t.Fatalf("an answer of others is told")
		}
		for _, group := range []string{"all", "group " + x.Cell.Group} {
			for _, month := range []string{"ever", fmt.Sprint(x.Cell.Month)} {
				name := s.Question + ", " + group + ", " + month
				if seen[name] == nil {
					seen[name] = make(sight)
				}
				seen[name][x.Position] = true
			}
		}
	})
	return seen
}

// isolated is the number of answers that a combination of scores depends on.
func isolated(scores []sight, factors []int) int {
	sum := make(map[int64]int)
	for i, s := range scores {
		for p := range s {
			sum[p] += factors[i]
		}
	}
	n := 0
	for _, f := range sum {
		if f != 0 {
			n++
		}
	}
	return n
}

// TestAttackers lets attackers ask whatever is allowed at any time, while answers come, late ones too, and go, and combine what they are told: every
// pair by its difference, and many combinations of three and four. None depends on fewer answers than are released together.
func TestAttackers(t *testing.T) {
	t.Parallel()
	for _, byEmployee := range []bool{false, true} {
		t.Run(fmt.Sprintf("employees rated %t", byEmployee), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
				w := &world{least: 3 + r.IntN(3), byEmployee: byEmployee, random: r, answers: make(map[int64]answer)}
				var told []sight
				known := make(map[string]bool)
				for range 2 + r.IntN(12) {
					for range r.IntN(25) {
						if r.IntN(6) == 0 {
							w.remove()
						} else {
							w.add()
						}
					}
					for name, s := range w.look(t, r.IntN(3) == 0) {
						if fresh := name + fmt.Sprint(slices.Sorted(maps.Keys(s))); !known[fresh] {
							known[fresh] = true
							told = append(told, s)
						}
					}
				}
				for i, a := range told {
					for _, b := range told[:i] {
						if n := isolated([]sight{a, b}, []int{1, -1}); n > 0 && n < w.least {
							t.Fatalf("the difference of two scores depends on %d answers, %d are released together", n, w.least)
						}
					}
				}
				for range min(2000, len(told)*50) {
					scores, factors := make([]sight, 3+r.IntN(2)), make([]int, 4)
					for i := range scores {
						scores[i], factors[i] = told[r.IntN(len(told))], r.IntN(5)-2
					}
					if n := isolated(scores, factors); n > 0 && n < w.least {
						t.Fatalf("a combination of %d scores depends on %d answers, %d are released together", len(scores), n, w.least)
					}
				}
			})
		})
	}
}

// TestAttackersWhoKnowTheWhole: where the exact sum of a month is known, taking from it whatever was ever told of groups leaves nothing at all, or
// answers about two employees or more, and as many as are released together.
func TestAttackersWhoKnowTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		w := &world{least: 3 + r.IntN(3), byEmployee: true, random: r, answers: make(map[int64]answer)}
		restricted := r.IntN(2) == 0
		ever := make(sight)
		for range 2 + r.IntN(12) {
			for range r.IntN(25) {
				w.add()
			}
			for _, s := range w.look(t, restricted) {
				maps.Copy(ever, s)
			}
			type month struct {
				question string
				month    release.Month
			}
			groups, left, told := make(map[month]map[string]bool), make(map[month]int), make(map[month]bool)
			for p, a := range w.answers {
				if restricted && a.foreign {
					continue
				}
				m := month{a.question, a.month}
				if ever[p] {
					told[m] = true
					continue
				}
				if groups[m] == nil {
					groups[m] = make(map[string]bool)
				}
				groups[m][a.group] = true
				left[m]++
			}
			for m := range told {
				if len(groups[m]) < 2 || left[m] < w.least {
					t.Fatalf("%+v: the whole less what was told is %d answers of %d groups", m, left[m], len(groups[m]))
				}
			}
		}
	})
}

// TestEverythingWholeIsReleased: protection withholds no more than it must.
func TestEverythingWholeIsReleased(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		w := &world{least: 5, random: r, answers: make(map[int64]answer)}
		for range r.IntN(200) {
			w.add()
		}
		want := make(map[string]int)
		for _, a := range w.answers {
			want[fmt.Sprint(a.question, a.group, a.month)]++
		}
		total := 0
		for _, n := range want {
			total += n / 5 * 5
		}
		got := 0
		for name, s := range w.look(t, false) {
			if name == "q1, all, ever" || name == "q2, all, ever" {
				got += len(s)
			}
		}
		if got != total {
			t.Fatalf("%d answers are released of %d, want %d", got, len(w.answers), total)
		}
	})
}
