package contact_test

import (
	"context"
	"errors"
	"testing"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/contact"
)

// key is a vault with one key for pseudonyms of acme, and none for others.
type key []byte

var errNoKey = errors.New("no key")

func (k key) Pseudonym(_ context.Context, organization, respondent string) (string, error) {
	if organization != "acme" {
		return "", errNoKey
	}
	return seal.Pseudonym(k, respondent), nil
}

func TestDisguise(t *testing.T) {
	vault := key("a key of thirty-two bytes or more")
	ann := seal.Pseudonym(vault, "ann")
	for resource, want := range map[string]string{
		"contacts/ann":                 "contacts/" + ann,
		"contacts/ann/light":           "contacts/" + ann + "/light",
		"contacts/" + ann + "/light":   "contacts/" + ann + "/light",
		"segments/vip/memberships/ann": "segments/vip/memberships/" + ann,
		// The contact is known by an answer alone: its name is the pseudonym of who answered.
		"contacts/r-" + ann[len("p_"):]: "contacts/" + ann,
		"contacts/r-ann":                "contacts/" + seal.Pseudonym(vault, "r-ann"),
		"contacts/-":                    "contacts/-",
		"contacts/":                     "contacts/",
		"contacts":                      "contacts",
		"surveys/contacts":              "surveys/contacts",
		"surveys/s/responses/ann":       "surveys/s/responses/ann",
		"":                              "",
	} {
		got, err := contact.Disguise(t.Context(), vault, "acme", resource)
		if err != nil || got != want {
			t.Errorf("%s became %s, want %s, %v", resource, got, want, err)
		}
	}
	if _, err := contact.Disguise(t.Context(), vault, "globex", "contacts/ann"); !errors.Is(err, errNoKey) {
		t.Errorf("without a key: %v", err)
	}
}
