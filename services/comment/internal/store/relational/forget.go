package relational

import (
	"context"
	"errors"
	"time"
)

// ForgetWords implements store.Store.
func (s *Store) ForgetWords(context.Context, time.Time, int) (int, error) {
	return 0, errors.New("forget words: not written yet")
}
