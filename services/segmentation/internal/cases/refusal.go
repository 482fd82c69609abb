package cases

// Kind is why something is refused.
type Kind uint8

// The kinds.
const (
	// Invalid is what no case may be.
	Invalid Kind = iota + 1
	// Transition is a state that cannot be reached from the one before.
	Transition
	// AlreadyClosed is closing what is closed.
	AlreadyClosed
	// Owned is claiming what is another's.
	Owned
	// Unmergeable is merging what does not go together.
	Unmergeable
)

// Refusal is why a case cannot become what it would.
type Refusal struct {
	Kind Kind
	// Field is the field of the case at fault.
	Field, Description string
}

// Error says why.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }
