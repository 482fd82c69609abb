package column

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ErrMissing tells that a row to take away is not there: something was taken away twice, or never added.
var ErrMissing = errors.New("row is missing")

// Table holds the rows of one survey. Many goroutines may read while one or more write; a reader sees all of an Apply or nothing.
type Table struct {
	mu   sync.RWMutex
	rows []Row
}

// NewTable is a table without rows.
func NewTable() *Table { return &Table{} }

// Apply adds and takes away rows: all, or on an error nothing. The order of changes makes no difference. ErrRow when a row breaks a rule,
// ErrMissing when more equal rows are taken away than there are. The table keeps nothing of what it is given.
func (t *Table) Apply(changes []Change) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := make(map[string]int)
	for i := range changes {
		if err := changes[i].Row.Check(); err != nil {
			return fmt.Errorf("apply rows: %w", err)
		}
		counts[fmt.Sprintf("%+v", changes[i].Row)] += changes[i].Count
	}
	rows := make([]Row, 0, len(t.rows)+len(changes))
	for i := range t.rows {
		key := fmt.Sprintf("%+v", t.rows[i])
		if counts[key] < 0 {
			counts[key]++
			continue
		}
		rows = append(rows, t.rows[i])
	}
	for i := range changes {
		key := fmt.Sprintf("%+v", changes[i].Row)
		if counts[key] < 0 {
			return fmt.Errorf("apply rows: take away %x: %w", changes[i].Row.ID, ErrMissing)
		}
		for ; counts[key] > 0; counts[key]-- {
			rows = append(rows, changes[i].Row)
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.ID, b.ID)) })
	t.rows = rows
	return nil
}

// Load applies packed changes, much faster than Apply does; spans in the order of time make the table faster. wire.ErrCorrupt when a
// section was not written by Pack or Merge, ErrMissing as Apply; the table is unchanged then. To load a survey, call it for each span in
// turn, or for all at once: sections whose rows overlap in time must be given in one call when they take away rows of one another.
func (t *Table) Load(sections [][]byte) error {
	var changes []Change
	for _, s := range sections {
		err := Unpack(s, func(c Change) error {
			changes = append(changes, c)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return t.Apply(changes)
}

// Len is the number of rows.
func (t *Table) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.rows)
}

// Query counts rows. ErrQuery when the query contradicts itself, ErrTooMany when the answer would exceed its limit.
func (t *Table) Query(q Query) (Result, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return recount(t.rows, &q)
}

// Names are the keys and the questions that occur, in ascending order.
func (t *Table) Names() (keys, questions []string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i := range t.rows {
		for _, k := range t.rows[i].Keys {
			keys = append(keys, k.Name)
		}
		for _, a := range t.rows[i].Answers {
			questions = append(questions, a.Question)
		}
	}
	slices.Sort(keys)
	slices.Sort(questions)
	return slices.Compact(keys), slices.Compact(questions)
}

// Values are the values of a key that occur, in ascending order.
func (t *Table) Values(key string) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var values []string
	for i := range t.rows {
		for _, k := range t.rows[i].Keys {
			if strings.Compare(k.Name, key) == 0 {
				values = append(values, k.Values...)
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}
