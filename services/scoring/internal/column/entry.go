package column

import (
	"encoding/binary"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// columnKind says what the entries of a column are. The numbers are stored; they never change their meaning.
type columnKind uint8

const (
	// whoColumn holds population and outcome, weightColumn the weight; every row has an entry of either.
	whoColumn    columnKind = 1
	weightColumn columnKind = 2
	// keyColumn holds the values of a key, answerColumn what was answered to a question; rows may lack them.
	keyColumn    columnKind = 3
	answerColumn columnKind = 4
)

// An entry is one value of a column in its only encoding, so that equal values are equal strings: dictionaries hold entries as they are and
// look into them when a query needs to.

func appendWho(b []byte, p fact.Population, o Outcome) []byte { return append(b, byte(p), byte(o)) }

func appendValues(b []byte, values []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(values)))
	for _, v := range values {
		b = wire.AppendString(b, v)
	}
	return b
}

func appendAnswer(b []byte, a *Answer) []byte {
	b = append(b, byte(a.Kind))
	if a.Kind == question.Choice {
		return appendValues(b, a.Options)
	}
	b = append(b, byte(a.Direction))
	b = wire.AppendString(b, a.Scale)
	return binary.AppendVarint(b, int64(a.Value))
}

// parseWho reads what appendWho wrote; false for anything else. So do the others of what their counterparts wrote.
func parseWho(entry string) (fact.Population, Outcome, bool) {
	if len(entry) != 2 {
		return 0, 0, false
	}
	p, o := fact.Population(entry[0]), Outcome(entry[1])
	return p, o, p.Valid() && o < outcomes
}

func parseWeight(entry string) (float64, bool) {
	r := wire.NewReader([]byte(entry))
	w := r.Float()
	return w, r.End() == nil && w > 0 && !math.IsInf(w, 0)
}

func parseValues(entry string) ([]string, bool) {
	r := wire.NewReader([]byte(entry))
	values := readValues(r)
	return values, r.End() == nil && isSet(values)
}

func readValues(r *wire.Reader) []string {
	n := r.Count(2)
	values := make([]string, 0, n)
	for range n {
		values = append(values, r.String())
	}
	return values
}

// parseAnswer leaves out the question, which its column knows.
func parseAnswer(entry string) (Answer, bool) {
	r := wire.NewReader([]byte(entry))
	a := Answer{Kind: question.Kind(r.Byte())}
	if a.Kind == question.Choice {
		a.Options = readValues(r)
	} else {
		a.Direction = question.Direction(r.Byte())
		a.Scale = r.String()
		a.Value = question.Centi(r.Varint32())
	}
	return a, r.End() == nil && a.check() == nil
}

// validEntry tells whether an entry may stand in a column.
func validEntry(kind columnKind, entry string) bool {
	ok := false
	switch kind {
	case whoColumn:
		_, _, ok = parseWho(entry)
	case weightColumn:
		_, ok = parseWeight(entry)
	case keyColumn:
		_, ok = parseValues(entry)
	case answerColumn:
		_, ok = parseAnswer(entry)
	}
	return ok
}

func appendWeight(b []byte, w float64) []byte { return wire.AppendFloat(b, w) }
