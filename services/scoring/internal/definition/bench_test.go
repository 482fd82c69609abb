package definition_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// BenchmarkResolve finds a definition of ten terms, two of which are definitions: one version from memory, the newest from the store.
func BenchmarkResolve(b *testing.B) {
	f := newFixture(b)
	f.create(b, acme, "inner", formula("a", term("a", metric.NPS)))
	var terms []composite.Term
	var ids []string
	for i := range 10 {
		id := fmt.Sprintf("t%d", i)
		ids = append(ids, id)
		if i < 2 {
			terms = append(terms, composite.Term{ID: id, Definition: composite.Ref{ID: "inner"}})
		} else {
			terms = append(terms, term(id, metric.CSAT))
		}
	}
	f.create(b, acme, "outer", formula(strings.Join(ids, "+"), terms...))
	for name, version := range map[string]int{"version": 1, "newest": 0} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Resolve(b.Context(), acme, composite.Ref{ID: "outer", Version: version}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
