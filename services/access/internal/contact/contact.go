// Package contact knows how the directory names contacts: by the identifiers under which customers answer. Where such a name is kept outside the
// directory, it is kept as a pseudonym, or with one, so that an erasure leaves nothing that tells who somebody was.
package contact

import (
	"context"
	"fmt"
	"strings"

	"github.com/otklik/otklik/libs/seal"
)

// Vault tells pseudonyms.
type Vault interface {
	// Pseudonym is what a respondent of an organisation is called.
	Pseudonym(ctx context.Context, organization, respondent string) (string, error)
}

const (
	// collection and memberships are what stands before the identifier of a contact in names of resources.
	collection  = "contacts"
	memberships = "memberships"
	// known begins the identifiers of contacts that are known by answers alone; what follows is the pseudonym.
	known, pseudonym = "r-", "p_"
)

// Person is the pseudonym of the contact with an identifier.
func Person(ctx context.Context, vault Vault, organization, id string) (string, error) {
	if rest, ok := strings.CutPrefix(id, known); ok {
		if _, ok := seal.ParsePseudonym(pseudonym + rest); ok {
			return pseudonym + rest, nil
		}
	}
	person, err := vault.Pseudonym(ctx, organization, id)
	if err != nil {
		return "", fmt.Errorf("name a contact by its pseudonym: %w", err)
	}
	return person, nil
}

// Disguise names contacts in the name of a resource by their pseudonyms: `contacts/ann/light` becomes `contacts/p_…/light`. What stands under its pseudonym
// already stays as it is, and so does what names no contact.
func Disguise(ctx context.Context, vault Vault, organization, resource string) (string, error) {
	parts := strings.Split(resource, "/")
	for i := 1; i < len(parts); i++ {
		if parts[i-1] != collection && parts[i-1] != memberships || parts[i] == "" || parts[i] == "-" {
			continue
		}
		if _, ok := seal.ParsePseudonym(parts[i]); ok {
			continue
		}
		var err error
		if parts[i], err = Person(ctx, vault, organization, parts[i]); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, "/"), nil
}
