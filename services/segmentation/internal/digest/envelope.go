package digest

import "github.com/otklik/otklik/libs/seal"

// Owner is whose key what is said of recipients is sealed with: nobody's who answers.
const Owner = "\x00digests"

// NewEnvelope seals what is said of recipients: their addresses, and the secrets by which they unsubscribe.
func NewEnvelope(k *seal.Keeper) seal.Envelope {
	return seal.Envelope{Keeper: k, Owner: Owner, Label: "segmentation/digests"}
}
