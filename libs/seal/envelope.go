package seal

import "context"

// Envelope seals short texts of an organisation that belong to nobody who answers, such as addresses of those who get e-mails.
type Envelope struct {
	Keeper *Keeper
	// Owner is whose key it is. Begin it with a control character, which identifiers of people never have: otherwise erasing a customer of that name would take all
	// texts away.
	Owner string
	// Label is what everything in it is bound to, with the organisation.
	Label string
}

func (e Envelope) associated(organization string) []byte { return []byte(e.Label + "/" + organization) }

// Seal seals a text.
func (e Envelope) Seal(ctx context.Context, organization, text string) ([]byte, error) {
	owner, err := e.Keeper.Pseudonym(ctx, organization, e.Owner)
	if err != nil {
		return nil, err
	}
	key, err := e.Keeper.KeyFor(ctx, owner)
	if err != nil {
		return nil, err
	}
	return Seal(key, []byte(text), e.associated(organization))
}

// Open opens what Seal sealed.
func (e Envelope) Open(ctx context.Context, organization string, sealed []byte) (string, error) {
	text, err := e.Keeper.Open(ctx, sealed, e.associated(organization))
	return string(text), err
}
