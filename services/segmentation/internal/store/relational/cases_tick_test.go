package relational

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// What fails for an organisation stops no other one: here the calendar by which the cases of the first are due cannot be read.
func TestCasesOfOthersTick(t *testing.T) {
	t.Parallel()
	s := begin(t)
	open := func(organization string) store.CaseRef {
		c := cases.Case{Organization: organization, ID: cases.NewID(), Severity: cases.Low, SLA: cases.SLA{FirstResponse: time.Hour}}
		if _, err := s.OpenCase(t.Context(), c, nil, store.By{Time: noon}); err != nil {
			t.Fatal(err)
		}
		return store.CaseRef{Organization: organization, ID: c.ID}
	}
	first, second := open("acme"), open("other")
	do(t, s, func(ctx context.Context, w *writing) error {
		_, err := w.Exec(ctx, sqlPutWorkCalendar, "acme", 1, "", 1, []byte("no calendar"))
		return err
	})
	n, err := s.TickCases(t.Context(), noon.Add(time.Hour), 1)
	if n != 1 || err == nil || !strings.Contains(err.Error(), "of acme") || strings.Contains(err.Error(), "of other") {
		t.Errorf("ticked %d with %v", n, err)
	}
	for ref, late := range map[*store.CaseRef]bool{&first: false, &second: true} {
		if c, err := s.GetCase(t.Context(), *ref); err != nil || c.Late.Any() != late {
			t.Errorf("case of %s: %+v, %v", ref.Organization, c, err)
		}
	}
}
