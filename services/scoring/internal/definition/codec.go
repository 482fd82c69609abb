package definition

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// encode makes the stored form of what a version says. Equal contents have equal forms.
func encode(c Content) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode definition: %w", err)
	}
	return body, nil
}

// decode reads what is stored. What it does not know it refuses: a version that says more than is understood would be computed as
// something else.
func decode(s store.Definition) (Definition, error) {
	d := Definition{
		ID: s.ID, Version: int(s.Version), Change: Change{Author: s.Author, Time: s.Created, Note: s.Note},
		Newest: int(s.Newest), Changes: s.Changes,
	}
	if s.Retired != nil {
		d.Retired = &Change{Author: s.Retired.Author, Time: s.Retired.Time, Note: s.Retired.Note}
	}
	from := json.NewDecoder(bytes.NewReader(s.Body))
	from.DisallowUnknownFields()
	if err := from.Decode(&d.Content); err != nil {
		return Definition{}, fmt.Errorf("decode version %d of definition %q: %w", s.Version, s.ID, err)
	}
	return d, nil
}
