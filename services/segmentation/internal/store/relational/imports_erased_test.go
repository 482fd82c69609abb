package relational

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// counted counts how many times a statement is run.
type counted struct {
	relational.Writer
	statement string
	times     int
}

func (c *counted) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	if query == c.statement {
		c.times++
	}
	return c.Writer.Query(ctx, query, args...)
}

// Who was erased since an import began is read once for a batch, however many customers it has.
func TestErasedAreReadOnceForABatch(t *testing.T) {
	t.Parallel()
	s := begin(t)
	const n = 5
	changes := make([]store.ContactChange, n)
	for i := range changes {
		changes[i] = store.ContactChange{ID: fmt.Sprint("c", i), AllowMissing: true, Edit: func(*directory.Contact) error { return nil }}
	}
	if _, err := s.PutContacts(t.Context(), "acme", noon, true, changes); err != nil {
		t.Fatal(err)
	}
	do(t, s, func(ctx context.Context, w *writing) error {
		reads := &counted{Writer: w.Writer, statement: sqlErasedSince}
		w.Writer = reads
		who := newCustomers(w, "acme")
		var errs []error
		for _, c := range changes {
			_, err := who.of(store.OfImport(ctx, "i"), c.ID, nil)
			errs = append(errs, err)
		}
		if reads.times != 1 {
			t.Errorf("read %d times", reads.times)
		}
		return errors.Join(errs...)
	})
}
