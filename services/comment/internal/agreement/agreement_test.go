package agreement_test

import (
	"math"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/agreement"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// Cohen's own layout: 20 and 15 on the diagonal, 5 and 10 beside it, give a kappa of 0.4.
func TestKappa(t *testing.T) {
	t.Parallel()
	var s agreement.Sums
	for _, c := range []struct {
		people, model store.Sentiment
		n             int
	}{{store.Positive, store.Positive, 20}, {store.Positive, store.Negative, 5}, {store.Negative, store.Positive, 10}, {store.Negative, store.Negative, 15}} {
		for range c.n {
			s.Add(store.Correction{Sentiment: c.people, Analysis: store.Analysis{Model: "m", Sentiment: c.model}})
		}
	}
	m := s.Models()[0]
	if m.Sentiments != 50 || math.Abs(*m.Agreement-0.7) > 1e-12 || math.Abs(*m.Kappa-0.4) > 1e-12 {
		t.Errorf("got %d, agreement %v, kappa %v", m.Sentiments, *m.Agreement, *m.Kappa)
	}
	if *m.Lower >= 0.7 || *m.Upper <= 0.7 || len(m.Confusion) != 4 {
		t.Errorf("interval [%v, %v], %d cells", *m.Lower, *m.Upper, len(m.Confusion))
	}
}

func TestAspectsAreComparedWithWhatIsExpressed(t *testing.T) {
	t.Parallel()
	var s agreement.Sums
	said := []store.AspectMention{{Aspect: "price", Sentiment: store.Negative}, {Aspect: "staff", Sentiment: store.Positive}}
	found := []store.AspectMention{{Aspect: "price", Sentiment: store.Negative}, {Aspect: "staff", Sentiment: store.Negative}}
	s.Add(store.Correction{AspectsCorrected: true, Aspects: said, Analysis: store.Analysis{Model: "m", Aspects: found}})
	m := s.Models()[0]
	if m.AspectComments != 1 || *m.AspectsF1 != 0.5 || m.Agreement != nil || m.Kappa != nil {
		t.Errorf("got %+v", m)
	}
}

// Where everybody always says the same, chance explains all: there is no kappa.
func TestNoKappaOfOneLabel(t *testing.T) {
	t.Parallel()
	var s agreement.Sums
	s.Add(store.Correction{Sentiment: store.Positive, Analysis: store.Analysis{Model: "m", Sentiment: store.Positive}})
	if m := s.Models()[0]; m.Kappa != nil || *m.Agreement != 1 {
		t.Errorf("got %+v", m)
	}
}
