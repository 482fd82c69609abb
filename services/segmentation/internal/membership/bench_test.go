package membership_test

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// BenchmarkLoad reads contacts of two attributes and a company out of SQLite into columns.
func BenchmarkLoad(b *testing.B) {
	const n = 200_000
	h := newHarness(b)
	h.company("bank", "finance")
	values := make([]attribute.Packed, 50)
	for i := range values {
		values[i] = attribute.Values{
			h.numbers["contact.age"]: number(attribute.Number, float64(20+i)), h.numbers["contact.vip"]: number(attribute.Bool, float64(i%2)),
		}.Pack()
	}
	for from := 0; from < n; from += 1000 {
		changes := make([]store.ContactChange, 1000)
		for i := range changes {
			changes[i] = store.ContactChange{ID: fmt.Sprintf("c%08d", from+i), AllowMissing: true, Edit: func(c *directory.Contact) error {
				c.Company, c.Attributes = "bank", values[i%len(values)]
				return nil
			}}
		}
		if _, err := h.PutContacts(b.Context(), acme, noon, true, changes); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		people, err := membership.Load(b.Context(), h.Store, acme, noon)
		if err != nil || people.Len() != n {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "contacts/s")
}
