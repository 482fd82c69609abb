package definition

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// ErrBuiltIn tells that the definition belongs to the product and cannot be changed.
var ErrBuiltIn = errors.New("the definition is built in")

// NotFoundError tells that there is no such definition, or no such version of it. It is store.ErrNotFound.
type NotFoundError struct {
	composite.Ref
	// Newest is the number of the newest version, when it is the version that there is not.
	Newest int
	// Nearest is the identifier that may have been meant; empty when none is near.
	Nearest string
}

// Error says what there is not, and what may have been meant.
func (e *NotFoundError) Error() string {
	switch {
	case e.Newest > 0:
		return fmt.Sprintf("there is no version %d of the definition %q: the newest is %d", e.Version, e.ID, e.Newest)
	case e.Nearest != "":
		return fmt.Sprintf("there is no definition %q; did you mean %q?", e.ID, e.Nearest)
	}
	return fmt.Sprintf("there is no definition %q", e.ID)
}

// Is tells that it is store.ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == store.ErrNotFound }

// wrong is what is wrong with a definition.
func wrong(field, format string, args ...any) *composite.FieldError {
	return &composite.FieldError{Field: field, Description: fmt.Sprintf(format, args...)}
}

// meant asks after the nearest name, if there is one.
func meant(nearest string) string {
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
}
