package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// personCases are about what is kept of persons.
func personCases() []testCase {
	return []testCase{{"Person", person}, {"PersonRecords", personRecords}}
}

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

func personRecords(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	who := []byte("0123456789abcdef")
	var expected store.PersonRecords
	for _, of := range []struct {
		organization, id string
		person           []byte
	}{{acme, "r1", who}, {acme, "r2", []byte("fedcba9876543210")}, {globex, "r1", who}, {acme, "r3", who}} {
		r := w.response(of.organization, visits, of.id)
		r.Person, r.Comments = of.person, r.Comments[:1]
		w.apply(r)
		ref := r.Comments[0].Ref
		made := praise(ref, of.id)
		must(t, w.s.CreateTestimonial(ctx, made))
		for range 2 {
			correction := *check[store.Comment](t)(w.s.Correct(ctx, ref, nil, store.Correction{Sentiment: store.Mixed, CreateTime: noon})).Correction
			if of.organization == acme && string(of.person) == string(who) {
				expected.Corrections = append(expected.Corrections, correction)
			}
		}
		e := entry(of.organization, of.id)
		e.Comments = []string{"surveys/visits/responses/" + of.id + "/comments/" + ref.ID}
		check[register.Entry](t)(w.s.CreateEntry(ctx, e))
		w.position++
		letter := store.DeadLetter{
			Organization: of.organization, Survey: visits, Response: "aside", Person: of.person, Position: w.position, Reason: "odd", Event: []byte(of.id), CreateTime: noon,
		}
		w.batch(store.Batch{DeadLetters: []store.DeadLetter{letter}})
		if of.organization == acme && string(of.person) == string(who) {
			all := check[[]store.DeadLetter](t)(w.s.ListDeadLetters(ctx, acme, 0, 100))
			letter.ID = all[len(all)-1].ID
			expected.DeadLetters = append(expected.DeadLetters, letter)
			expected.Testimonials = append(expected.Testimonials, made)
			expected.Mentions = append(expected.Mentions, store.Mention{Ref: ref, Entry: of.id})
		}
	}
	same(t, "records", check[store.PersonRecords](t)(w.s.ListPersonRecords(ctx, acme, who)), expected)
	nobody := check[store.PersonRecords](t)(w.s.ListPersonRecords(ctx, acme, []byte("another")))
	same(t, "nobody's", nobody, store.PersonRecords{})
	// What goes by an erasure is of the same kinds.
	w.remove(store.Response{Organization: acme, Survey: visits, ID: "r1"}, "e")
	left := check[store.PersonRecords](t)(w.s.ListPersonRecords(ctx, acme, who))
	equal(t, "testimonials left", len(left.Testimonials), 1)
	equal(t, "corrections left", len(left.Corrections), 2)
	equal(t, "mentions left", len(left.Mentions), 1)
	equal(t, "testimonials of others", check[testimonial.Testimonial](t)(w.s.GetTestimonial(ctx, globex, "r1")).ID, "r1")
}
