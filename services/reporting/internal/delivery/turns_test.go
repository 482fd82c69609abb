package delivery

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// queue is a store of which nothing can be claimed: what was due, others took.
type queue struct {
	store.Schedules
	waiting []string
}

func (q *queue) WaitingForReports(context.Context, time.Time) ([]string, error) {
	return q.waiting, nil
}

func (*queue) ClaimReports(context.Context, string, time.Time, time.Time, int) ([]schedule.Delivery, error) {
	return nil, nil
}

// Files are kept between turns as long as more is due, and of so many organisations.
func TestFilesAreKeptWhileTheyAreNeeded(t *testing.T) {
	q := &queue{}
	turns := &turns{
		Deliverer: &Deliverer{Store: q, Now: time.Now}, making: map[string]*making{}, busy: map[string]bool{}, last: map[string]int{}, lost: map[string]bool{},
		ended: make(chan ended, atOnce),
	}
	for i := range 3 * mostKept {
		q.waiting = append(q.waiting, fmt.Sprint("organization-", i))
	}
	for range 3 * mostKept {
		next, err := turns.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		turns.begin(t.Context(), next)
		turns.wait()
	}
	if len(turns.last) != 3*mostKept || len(turns.making) != mostKept {
		t.Errorf("files of %d organisations are kept after turns of %d", len(turns.making), len(turns.last))
	}
	kept := turns.making["organization-1"]
	q.waiting, turns.lost["organization-2"] = q.waiting[1:3], true
	if _, err := turns.next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(turns.making) != 1 || kept == nil || turns.making["organization-1"] != kept {
		t.Errorf("%v are kept while %v wait", turns.making, q.waiting)
	}
}
