package digest

import (
	"context"

	"github.com/otklik/otklik/libs/seal"
)

// Envelope seals what is said of recipients: their addresses, and the secrets by which they unsubscribe.
type Envelope struct{ Keeper *seal.Keeper }

// Owner is whose key the envelope of an organisation has: nobody's who answers, since identifiers of people neither begin with a control character nor have one.
// Otherwise erasing a customer of that name would take away all addresses.
const Owner = "\x00digests"

// associated is what everything of an organisation's is bound to.
func associated(organization string) []byte { return []byte("segmentation/digests/" + organization) }

// Seal seals a text.
func (e Envelope) Seal(ctx context.Context, organization, text string) ([]byte, error) {
	person, err := e.Keeper.Pseudonym(ctx, organization, Owner)
	if err != nil {
		return nil, err
	}
	key, err := e.Keeper.KeyFor(ctx, person)
	if err != nil {
		return nil, err
	}
	return seal.Seal(key, []byte(text), associated(organization))
}

// Open opens what Seal sealed.
func (e Envelope) Open(ctx context.Context, organization string, sealed []byte) (string, error) {
	text, err := e.Keeper.Open(ctx, sealed, associated(organization))
	return string(text), err
}
