package vault

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/credential"
)

// Respondents seals who was invited, with keys of the vault.
type Respondents struct{ keeper *seal.Keeper }

var _ credential.Respondents = (*Respondents)(nil)

// NewRespondents seals with the keys that a keeper leases.
func NewRespondents(k *seal.Keeper) *Respondents { return &Respondents{k} }

// invited says what the sealed text is, so that it opens nowhere else.
func invited(organization, person string) []byte {
	return []byte("invited/" + organization + "/" + person)
}

// Seal implements credential.Respondents.
func (r *Respondents) Seal(ctx context.Context, organization string, respondents []string) ([]credential.Sealed, error) {
	out := make([]credential.Sealed, len(respondents))
	for i, respondent := range respondents {
		if respondent == "" {
			continue
		}
		person, err := r.keeper.Pseudonym(ctx, organization, respondent)
		if err != nil {
			return nil, err
		}
		key, err := r.keeper.KeyFor(ctx, person)
		if err != nil {
			return nil, err
		}
		body, err := seal.Seal(key, []byte(respondent), invited(organization, person))
		if err != nil {
			return nil, err
		}
		out[i] = credential.Sealed{Person: person, Body: body}
	}
	return out, nil
}

// Open implements credential.Respondents.
func (r *Respondents) Open(ctx context.Context, organization string, sealed credential.Sealed) (string, error) {
	if len(sealed.Body) == 0 {
		return "", nil
	}
	text, err := r.keeper.Open(ctx, sealed.Body, invited(organization, sealed.Person))
	if errors.Is(err, seal.ErrDestroyed) {
		return "", nil
	}
	return string(text), err
}
