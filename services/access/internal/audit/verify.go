package audit

import "fmt"

// Verifier computes a chain anew, entry by entry, and remembers nothing but its end.
type Verifier struct {
	organization string
	head         Head
	known        Hash
	wantsKnown   bool
	foundKnown   bool
	fault        Fault
}

// Fault is the first thing that does not fit.
type Fault struct {
	// Sequence is the entry that does not fit or is missing; 0 when all fits.
	Sequence int64
	// Text says what is wrong.
	Text string
}

// NewVerifier begins at the first entry of an organisation's chain. known, unless it is nil, is a hash that was noted elsewhere and has to be in
// the chain.
func NewVerifier(organization string, known *Hash) *Verifier {
	v := &Verifier{organization: organization}
	if known != nil {
		v.known, v.wantsKnown = *known, true
		// What was noted of an empty chain is the beginning of every chain.
		v.foundKnown = v.known == Hash{}
	}
	return v
}

// Add checks the next entry and tells whether to go on: after the first fault nothing that follows says anything.
func (v *Verifier) Add(e Entry) bool {
	switch want := v.head.Sequence + 1; {
	case v.fault.Sequence != 0:
	case e.Sequence != want:
		v.fail(want, fmt.Sprintf("entry %d is missing: entry %d follows entry %d", want, e.Sequence, v.head.Sequence))
	case e.Organization != v.organization:
		v.fail(want, fmt.Sprintf("entry %d belongs to another organisation", want))
	case e.Previous != v.head.Hash:
		v.fail(want, fmt.Sprintf("entry %d does not hold the hash of the entry before", want))
	case e.Hash != e.Sum():
		v.fail(want, fmt.Sprintf("entry %d was changed: its hash is another", want))
	default:
		v.head = Head{Sequence: e.Sequence, Hash: e.Hash}
		v.foundKnown = v.foundKnown || e.Hash == v.known
	}
	return v.fault.Sequence == 0
}

func (v *Verifier) fail(sequence int64, text string) { v.fault = Fault{sequence, text} }

// Finish compares the end of the chain with the head that was recorded and with the known hash, and returns the first fault.
func (v *Verifier) Finish(recorded Head) Fault {
	switch {
	case v.fault.Sequence != 0:
	case v.head.Sequence < recorded.Sequence:
		v.fail(v.head.Sequence+1, fmt.Sprintf("the end is missing: entries %d to %d were recorded", v.head.Sequence+1, recorded.Sequence))
	case v.head != recorded:
		v.fail(max(1, v.head.Sequence), "the end of the chain is another than the recorded one")
	case v.wantsKnown && !v.foundKnown:
		v.fail(v.head.Sequence+1, "no entry has the hash that was noted: the log was replaced, or its end was removed")
	}
	return v.fault
}

// Head is the last entry that fits.
func (v *Verifier) Head() Head { return v.head }
