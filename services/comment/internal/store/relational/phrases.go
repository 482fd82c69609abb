package relational

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// CountPhrases implements store.Counts.
func (s *Store) CountPhrases(ctx context.Context, slice store.Slice, least int64, limit int) ([]store.PhraseCount, store.Total, error) {
	t, err := s.readTally(ctx, slice, store.Ungrouped, phrasesColumn)
	if err != nil {
		return nil, store.Total{}, s.db.Explain("count phrases", err)
	}
	all := t.phrases(func(uint64) bool { return true })
	all = slices.DeleteFunc(all, func(p *phraseCount) bool { return p.total < least })
	return written(all[:min(len(all), limit)]), t.total(), nil
}

// CountPhrasesOf implements store.Counts.
func (s *Store) CountPhrasesOf(ctx context.Context, slice store.Slice, of []uint64) ([]store.PhraseCount, store.Total, error) {
	t, err := s.readTally(ctx, slice, store.Ungrouped, phrasesColumn)
	if err != nil {
		return nil, store.Total{}, s.db.Explain("count phrases", err)
	}
	wanted := make(map[uint64]bool, len(of))
	for _, key := range of {
		wanted[key] = true
	}
	return written(t.phrases(func(key uint64) bool { return wanted[key] })), t.total(), nil
}

// total is that of all comments.
func (t *tally) total() store.Total {
	if totals := t.totals(); len(totals) > 0 {
		return totals[0]
	}
	return store.Total{}
}

// phraseCount counts one phrase.
type phraseCount struct {
	store.PhraseCount
	total int64
	// texts counts how it is written.
	texts map[string]int
	// response is the last that held it, last the place of what it expresses so far.
	response int64
	last     int
}

// phrases counts those phrases whose keys are wanted, those in most responses first.
func (t *tally) phrases(wanted func(key uint64) bool) []*phraseCount {
	counts := map[uint64]*phraseCount{}
	for _, c := range t.comments {
		for key, text := range phrasesOf(t.packed.texts[c.packed]) {
			if !wanted(key) {
				continue
			}
			n := counts[key]
			if n == nil {
				n = &phraseCount{PhraseCount: store.PhraseCount{Key: key}, texts: map[string]int{}}
				counts[key] = n
			}
			n.texts[text]++
			n.add(c)
		}
	}
	all := slices.SortedFunc(maps.Values(counts), func(a, b *phraseCount) int { return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.Key, b.Key)) })
	return all
}

// add counts a comment that holds the phrase. Those of a response come one after the other: where another expresses something else, the response moves.
func (n *phraseCount) add(c talliedComment) {
	place := int(c.place)
	if n.total > 0 && n.response == c.response {
		n.Responses[n.last]--
		n.last = join(n.last, place)
		n.Responses[n.last]++
		return
	}
	n.total++
	n.response, n.last = c.response, place
	n.Responses[place]++
}

// written are the counts with phrases as they are written most often; of those that are written as often, the first in the order of letters.
func written(counts []*phraseCount) []store.PhraseCount {
	var out []store.PhraseCount
	for _, n := range counts {
		for text, times := range n.texts {
			if most := n.texts[n.Text]; times > most || times == most && text < n.Text {
				n.Text = text
			}
		}
		out = append(out, n.PhraseCount)
	}
	return out
}
