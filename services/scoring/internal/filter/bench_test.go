package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/filter"
)

// BenchmarkParse reads a filter as people write them, and the most that is read.
func BenchmarkParse(b *testing.B) {
	longest := make([]string, 0, filter.MaxComparisons)
	for i := range cap(longest) {
		longest = append(longest, fmt.Sprintf(`NOT (location = "branch-%d-%d*")`, i*7919%100, i))
	}
	nested := "location = x"
	for range filter.MaxDepth {
		nested = "(" + nested + ` OR region = "a" AND channel = "b" AND company = "c")`
	}
	for name, text := range map[string]string{
		"common": `location = "north" AND attributes.vip = "yes" AND answers.nps <= 6`, "longest": strings.Join(longest, " OR "), "nested": nested,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := filter.Parse(text, schema()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
