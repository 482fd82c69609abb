package erasure

import (
	"context"
	"fmt"
)

// Export calls fn with everything that all holders keep of a person, in the order of the holders. Errors: ErrAway and ErrExchanged with the name of the
// holder that cannot be asked; that of fn.
func Export(ctx context.Context, holders []Holder, organization, respondent string, fn func(Record) error) error {
	for _, h := range holders {
		if err := h.Export(ctx, organization, respondent, fn); err != nil {
			return fmt.Errorf("export from %s: %w", h.Name(), err)
		}
	}
	return nil
}
