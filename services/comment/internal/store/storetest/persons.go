package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// personCases are about what is kept of persons.
func personCases() []testCase { return []testCase{{"Person", person}} }

func person(t *testing.T, open Open) {
	w := begin(t, open)
	who := []byte("0123456789abcdef")
	var mine []store.Ref
	for i, organization := range []string{acme, acme, globex, acme} {
		r := w.response(organization, visits, string(rune('a'+i)))
		if r.Person = nil; i != 1 {
			r.Person = who
		}
		w.apply(r)
		for _, c := range r.Comments {
			if i != 1 && organization == acme {
				mine = append(mine, stored(r, c).Ref)
			}
		}
	}
	all := check[[]store.Comment](t)(w.s.ListPerson(t.Context(), acme, who, 0, 100))
	same(t, "comments", refs(all), mine)
	same(t, "person", all[0].Person, who)
	page := check[[]store.Comment](t)(w.s.ListPerson(t.Context(), acme, who, all[0].Seq, 1))
	same(t, "a page", refs(page), mine[1:2])
	equal(t, "nobody's", len(check[[]store.Comment](t)(w.s.ListPerson(t.Context(), acme, []byte("another"), 0, 100))), 0)
}
