package timeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is kept reads back as it was, of each kind.
func TestBodiesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	at := Units{Company: "acme", Location: "s1", Region: "north", Employee: "e1"}
	bodies := []Body{
		Invitation{Units: at, Invitation: "i1", Outcome: Dismissed, Touchpoint: "checkout", Channel: "sms"},
		Answer{Units: at, Revision: "surveys/s/revisions/1", Touchpoint: "checkout", Channel: "app", Language: "ky", Answers: 3},
		Comment{Units: at, Sentiment: 1, Aspects: []string{"price", "staff"}},
		Case{Units: at, Event: "opened", State: "NEW", Severity: 3, Subject: "price"},
		Interview{Units: at, Event: "held", State: "DONE"},
		Purchase{Units: at, Amount: -150, Currency: "KGS"},
		Light{Units: at, Colour: 1, Previous: 3, Mean: 4.5, N: 7},
		Merge{Units: at, Event: "merged", Other: "c2"},
		Churn{Units: at, Reason: "price"},
	}
	if len(bodies) != len(Kinds()) {
		t.Fatalf("%d bodies of %d kinds", len(bodies), len(Kinds()))
	}
	for i, b := range bodies {
		if b.Kind() != Kinds()[i] || b.UnitsOf() != at {
			t.Errorf("%#v is of kind %d and of %v", b, b.Kind(), b.UnitsOf())
		}
		raw, err := Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(b.Kind(), raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, back); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := Decode(NoKind, []byte(`{}`)); err == nil {
		t.Error("a kind that there is not was read")
	}
	if _, err := Decode(AnswerKind, []byte(`{`)); err == nil {
		t.Error("half a body was read")
	}
}

func TestPartsOfAResource(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cases/7", PartOf("cases/7", "closed-2")} {
		if got := ResourceOf(name); got != "cases/7" {
			t.Errorf("%s is of %s", name, got)
		}
	}
}
