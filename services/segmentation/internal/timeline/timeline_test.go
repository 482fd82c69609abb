package timeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	require.Len(t, bodies, len(Kinds()))
	for i, b := range bodies {
		assert.Equal(t, Kinds()[i], b.Kind())
		assert.Equal(t, at, b.UnitsOf())
		raw, err := Encode(b)
		require.NoError(t, err)
		back, err := Decode(b.Kind(), raw)
		require.NoError(t, err)
		assert.Equal(t, b, back)
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	_, err := Decode(NoKind, []byte(`{}`))
	require.Error(t, err)
	_, err = Decode(AnswerKind, []byte(`{`))
	require.Error(t, err)
}

func TestPartsOfAResource(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "cases/7", ResourceOf(PartOf("cases/7", "closed-2")))
	assert.Equal(t, "cases/7", ResourceOf("cases/7"))
}
