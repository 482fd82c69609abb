package credential

import "errors"

// Why something is refused.
var (
	// ErrRoleUnknown tells that there is no such role, or that it cannot be given to this kind of credential.
	ErrRoleUnknown = errors.New("the role cannot be given")
	// ErrRolesConflict tells of roles that nobody may have together.
	ErrRolesConflict = errors.New("the roles exclude each other")
	// ErrUnitsRequired tells that a role needs units.
	ErrUnitsRequired = errors.New("the role needs units")
	// ErrEscalation tells that the giver would give more than the giver has.
	ErrEscalation = errors.New("more would be given than the giver has")
	// ErrInvalid tells that a field cannot have its value.
	ErrInvalid = errors.New("the field cannot have this value")
)

// Refusal says what is refused, by the path of the field below the key or member.
type Refusal struct {
	// Cause is one of the errors of this package.
	Cause error
	// Field is the dotted path; Description one sentence for people.
	Field, Description string
}

// Error describes the refusal.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

func refuse(cause error, field, description string) error {
	return &Refusal{Cause: cause, Field: field, Description: description}
}
