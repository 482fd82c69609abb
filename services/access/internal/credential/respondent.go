package credential

import "context"

// Sealed is who was invited, as it is kept.
type Sealed struct {
	// Person stands for the person everywhere in the organisation; empty when nobody is named or people are not told apart.
	Person string
	// Body is the identifier, sealed.
	Body []byte
}

// Respondents seals who was invited, so that erasing a person reaches the backups as well.
type Respondents interface {
	// Seal seals identifiers of one organisation, in order; an empty one stays empty.
	Seal(ctx context.Context, organization string, respondents []string) ([]Sealed, error)
	// Open returns the identifier; empty when the person was erased.
	Open(ctx context.Context, organization string, sealed Sealed) (string, error)
}

// Plain keeps respondents as they are, where nothing is there to seal them with.
type Plain struct{}

// Seal keeps the identifiers.
func (Plain) Seal(_ context.Context, _ string, respondents []string) ([]Sealed, error) {
	out := make([]Sealed, len(respondents))
	for i, r := range respondents {
		if r != "" {
			out[i].Body = []byte(r)
		}
	}
	return out, nil
}

// Open returns what Seal kept.
func (Plain) Open(_ context.Context, _ string, sealed Sealed) (string, error) {
	return string(sealed.Body), nil
}
