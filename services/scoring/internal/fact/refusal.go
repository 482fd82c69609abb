package fact

import (
	"fmt"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// RefusalKind says in which way somebody did not answer.
type RefusalKind uint8

// Kinds of refusals. The numbers are stored; they never change their meaning.
const (
	// RefusalUnspecified is the zero value; no refusal has it.
	RefusalUnspecified RefusalKind = 0
	// Refused: said no.
	Refused RefusalKind = 1
	// Dismissed: closed the question.
	Dismissed RefusalKind = 2
	// TimedOut: did nothing until the question went away.
	TimedOut RefusalKind = 3
)

// String is the name of the kind, as in the API.
func (k RefusalKind) String() string {
	names := [...]string{"UNSPECIFIED", "REFUSED", "DISMISSED", "TIMED_OUT"}
	if int(k) < len(names) {
		return names[k]
	}
	return "UNKNOWN"
}

// Valid tells whether k is a way not to answer.
func (k RefusalKind) Valid() bool { return k >= Refused && k <= TimedOut }

// Refusal records that somebody who was asked did not answer. The organisation it belongs to is the key under which it
// is stored.
type Refusal struct {
	// ID is the refusal's identifier, unique in the survey.
	ID string
	// Survey says what was not answered.
	Survey string
	// Population says who was asked.
	Population Population
	// Kind says in which way.
	Kind RefusalKind
	// CountTime is the moment at which the refusal counts, ReceiveTime that at which it was accepted.
	CountTime, ReceiveTime time.Time
	// Invitation is the invitation that was refused; empty when there was none.
	Invitation string
	// Context is the circumstances.
	Context Context
}

// Check returns an error that wraps ErrInvalid when the refusal breaks a rule.
func (r *Refusal) Check() error {
	switch {
	case r.ID == "" || r.Survey == "":
		return fmt.Errorf("refusal %q of survey %q: identifiers are missing: %w", r.ID, r.Survey, ErrInvalid)
	case !r.Population.Valid() || !r.Kind.Valid():
		return fmt.Errorf("refusal %q: population %d, kind %d: %w", r.ID, r.Population, r.Kind, ErrInvalid)
	case !storable(r.CountTime) || !storable(r.ReceiveTime):
		return fmt.Errorf("refusal %q: times %v and %v: %w", r.ID, r.CountTime, r.ReceiveTime, ErrInvalid)
	}
	if err := r.Context.check(); err != nil {
		return fmt.Errorf("refusal %q: %w", r.ID, err)
	}
	return nil
}

// AppendBinary appends the encoding of r. Equal refusals have equal encodings. It fails, wrapping ErrInvalid, when the
// refusal does not pass Check.
func (r *Refusal) AppendBinary(b []byte) ([]byte, error) {
	if err := r.Check(); err != nil {
		return b, fmt.Errorf("encode refusal: %w", err)
	}
	b = append(b, currentVersion)
	b = wire.AppendString(b, r.ID)
	b = wire.AppendString(b, r.Survey)
	b = append(b, byte(r.Population), byte(r.Kind))
	b = appendTimes(b, r.CountTime, r.ReceiveTime)
	b = wire.AppendString(b, r.Invitation)
	return appendContext(b, r.Context), nil
}

// DecodeRefusal reads what Refusal.AppendBinary wrote. wire.ErrCorrupt or ErrInvalid for anything else.
func DecodeRefusal(b []byte) (*Refusal, error) {
	in := wire.NewReader(b)
	version := in.Byte()
	if version < version1 || version > currentVersion {
		return nil, fmt.Errorf("decode refusal: version %d: %w", version, wire.ErrCorrupt)
	}
	r := &Refusal{ID: in.String(), Survey: in.String(), Population: Population(in.Byte()), Kind: RefusalKind(in.Byte())}
	r.CountTime, r.ReceiveTime = readTimes(in)
	r.Invitation = in.String()
	r.Context = readContext(in, version)
	if err := in.End(); err != nil {
		return nil, fmt.Errorf("decode refusal: %w", err)
	}
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("decode refusal: %w", err)
	}
	return r, nil
}
