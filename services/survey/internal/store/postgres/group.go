package postgres

import (
	"github.com/otklik/otklik/services/survey/internal/store"
)

// item is a submission of a group: where it came from, and what is known of it.
type item struct {
	call  *call[acceptance]
	index int
}

func (i item) in() *store.NewSubmission { return &i.call.value.in[i.index] }

func (i item) key() submissionKey {
	a := &i.call.value
	return submissionKey{a.organization, a.survey, a.kind, i.in().ID}
}

func (i item) decide(o store.Outcome) { i.call.value.outcomes[i.index] = o }

// accepted is the submission as it is stored at a position.
func (i item) accepted(position int64) store.Submission {
	a, in := &i.call.value, i.in()
	return store.Submission{
		Position: position, Organization: a.organization, Survey: a.survey, Kind: a.kind, ID: in.ID,
		Revision: in.Revision, CountTime: in.CountTime, Trace: in.Trace, Body: in.Body,
	}
}

// submissionKey is what an identifier is unique by.
type submissionKey struct {
	organization, survey string
	kind                 store.Kind
	id                   string
}

// group is the submissions of several calls in their order.
type group struct {
	items []item
	// last is the position of the last one stored; 0 when none was.
	last int64
	// replays are the items whose identifiers were used before.
	replays []item
	// firsts are the items that were stored, by their keys, when there are replays.
	firsts map[submissionKey]item
}

func newGroup(calls []*call[acceptance]) *group {
	g := &group{}
	for _, c := range calls {
		c.value.outcomes = make([]store.Outcome, len(c.value.in))
		for i := range c.value.in {
			g.items = append(g.items, item{c, i})
		}
	}
	return g
}

// columns are the submissions as arguments of sqlAccept.
func (g *group) columns() []any {
	n := len(g.items)
	var (
		organizations, surveys, ids, traces = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		kinds                               = make([]int16, n)
		revisions                           = make([]int32, n)
		counts                              = make([]int64, n)
		fingerprints, bodies                = make([][]byte, n), make([][]byte, n)
	)
	for i, it := range g.items {
		a, in := &it.call.value, it.in()
		organizations[i], surveys[i], kinds[i], ids[i], traces[i] = a.organization, a.survey, int16(a.kind), in.ID, in.Trace
		revisions[i], counts[i], fingerprints[i], bodies[i] = in.Revision, store.ToNano(in.CountTime), notNull(in.Fingerprint), notNull(in.Body)
	}
	return []any{organizations, surveys, kinds, ids, fingerprints, revisions, counts, traces, bodies}
}

// personColumns are whom the submissions are about and what was decided in them, as arguments of sqlAccept.
func (g *group) personColumns() []any {
	persons := make([][]byte, len(g.items))
	var numbers []int64
	var organizations, ids, keys []string
	var deciders, bodies [][]byte
	for i, it := range g.items {
		in := it.in()
		persons[i] = notNull(in.Person)
		for _, c := range in.Consents {
			numbers, organizations, deciders = append(numbers, int64(i)+1), append(organizations, c.Organization), append(deciders, notNull(c.Person))
			ids, keys, bodies = append(ids, c.ID), append(keys, c.Key), append(bodies, notNull(c.Body))
		}
	}
	return []any{persons, numbers, organizations, deciders, ids, keys, bodies}
}

// place tells the items what became of them: all were stored after base in their order, unless fresh lists the positions that were.
func (g *group) place(base int64, fresh []int64, count int) {
	if count == len(g.items) {
		for i, it := range g.items {
			g.last = base + int64(i) + 1
			it.decide(store.Outcome{Submission: it.accepted(g.last)})
		}
		return
	}
	stored := make(map[int64]bool, len(fresh))
	for _, position := range fresh {
		stored[position] = true
	}
	g.firsts = make(map[submissionKey]item, len(fresh))
	for i, it := range g.items {
		position := base + int64(i) + 1
		if !stored[position] {
			g.replays = append(g.replays, it)
			continue
		}
		g.last = position
		it.decide(store.Outcome{Submission: it.accepted(position)})
		g.firsts[it.key()] = it
	}
}

// replayWithin decides about an item whose identifier an earlier item of the group has used; false when none has.
func (g *group) replayWithin(it item) bool {
	first, ok := g.firsts[it.key()]
	if ok {
		stored := first.call.value.outcomes[first.index].Submission
		it.decide(sameContent(it.in().Fingerprint, first.in().Fingerprint, stored))
	}
	return ok
}

// sameContent is the outcome of a submission whose identifier was used for stored, whose fingerprint is first.
func sameContent(fingerprint, first []byte, stored store.Submission) store.Outcome {
	if !store.Fits(first, fingerprint) {
		return store.Outcome{Err: store.ErrIDReused}
	}
	return store.Outcome{Submission: stored, Replayed: true}
}
