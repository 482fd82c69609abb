package erasure

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Export calls fn with everything that all holders keep of a person, under whatever the directory knows the person by, in the order of the holders. What a
// holder tells under several pseudonyms is told once. directory is nil where there is none. Errors: ErrAway and ErrExchanged with the name of the one that
// cannot be asked; that of fn.
func Export(ctx context.Context, holders []Holder, directory Directory, organization, person string, fn func(Record) error) error {
	persons := []string{person}
	if directory != nil {
		var err error
		if persons, err = directory.Persons(ctx, organization, person); err != nil {
			return fmt.Errorf("ask by what the person is known: %w", err)
		}
	}
	for _, h := range holders {
		told := told{}
		for _, p := range persons {
			if err := h.Export(ctx, organization, p, told.once(fn)); err != nil {
				return fmt.Errorf("export from %s: %w", h.Name(), err)
			}
		}
	}
	return nil
}

// told are records that were told, by their sums, with how often under one pseudonym.
type told map[[sha256.Size]byte]int

// once returns what takes the records of the next pseudonym and passes on those that were not told under one before: as many alike as it has more of.
func (t told) once(fn func(Record) error) func(Record) error {
	met := told{}
	return func(r Record) error {
		text, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("compare what is kept of a person: %w", err)
		}
		sum := sha256.Sum256(text)
		if met[sum]++; met[sum] <= t[sum] {
			return nil
		}
		t[sum] = met[sum]
		return fn(r)
	}
}
