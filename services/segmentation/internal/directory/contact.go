package directory

import (
	"encoding/base32"
	"strings"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
)

// Contact is a customer, or somebody who speaks for a client company.
type Contact struct {
	ID                string
	Company, Location string
	Attributes        attribute.Packed
	// Sealed is the Profile under the key of a person; nil when there is none.
	Sealed []byte
	// Key names the key; empty when there is none.
	Key string
	// MergedInto is the contact that this one was merged into; empty while it stands for itself.
	MergedInto             string
	CreateTime, UpdateTime time.Time
	Version                int64
}

// Identity is by what a contact is known.
type Identity struct {
	// Person is the pseudonym.
	Person  []byte
	Contact string
	// Home is the contact whose own identifier it is of; empty for others.
	Home    string
	Channel string
	// Sealed is the identifier under the key of a person; nil where it is the contact's own, or not known.
	Sealed    []byte
	Key       string
	ClaimTime time.Time
}

// MoveKind is why identities moved; the numbers are those of the API.
type MoveKind uint8

// The kinds of moves.
const (
	Merge MoveKind = iota + 1
	Split
	Claim
)

// Move is that identities went from a contact to another one.
type Move struct {
	ID       int64
	Kind     MoveKind
	From, To string
	Persons  [][]byte
	Actor    string
	Reason   string
	Time     time.Time
	// UndoneBy is the split that undid a merge; 0 when none did.
	UndoneBy int64
	// Filled is what To got from From since it had nothing of its own.
	Filled Filled
	// Keeps is, of a split that undoes a merge, the profile that From keeps; nil where it keeps the one that it has, unless it is To's.
	Keeps *KeptProfile
	// Joined is what else the store brought together, as it keeps it; nil for nothing.
	Joined []byte
}

// KeptProfile is the profile that a contact keeps when one is taken out of it.
type KeptProfile struct {
	// Version is that of the contact of whose profile it was made.
	Version int64
	Sealed  []byte
	Key     string
}

// Filled is what a contact got from one that was merged into it.
type Filled struct {
	Company    string           `json:"company,omitempty"`
	Location   string           `json:"location,omitempty"`
	Attributes attribute.Packed `json:"attributes,omitempty"`
	// Profile tells that the sealed profile came from there.
	Profile bool `json:"profile,omitempty"`
}

// Fill gives a contact what it has nothing of its own of.
func (c *Contact) Fill(from Contact) Filled {
	var f Filled
	if c.Company == "" && from.Company != "" {
		c.Company, f.Company = from.Company, from.Company
	}
	if c.Location == "" && from.Location != "" {
		c.Location, f.Location = from.Location, from.Location
	}
	if len(c.Sealed) == 0 && len(from.Sealed) > 0 {
		c.Sealed, c.Key, f.Profile = from.Sealed, from.Key, true
	}
	own, got := c.Attributes.Unpack(), attribute.Values{}
	for n, v := range from.Attributes.All() {
		if _, has := own[n]; !has {
			own[n], got[n] = v, v
		}
	}
	if len(got) > 0 {
		c.Attributes, f.Attributes = own.Pack(), got.Pack()
	}
	return f
}

// Empty takes back what Fill gave, as far as it is still the same.
func (c *Contact) Empty(f Filled, from Contact) {
	if f.Company != "" && c.Company == f.Company {
		c.Company = ""
	}
	if f.Location != "" && c.Location == f.Location {
		c.Location = ""
	}
	if f.Profile && string(c.Sealed) == string(from.Sealed) {
		c.Sealed, c.Key = nil, ""
	}
	own, changed := c.Attributes.Unpack(), false
	for n, v := range f.Attributes.All() {
		if own[n] == v {
			delete(own, n)
			changed = true
		}
	}
	if changed {
		c.Attributes = own.Pack()
	}
}

// knownPrefix begins the identifiers of contacts that are known by answers alone.
const knownPrefix = "r-"

var pseudonyms = base32.StdEncoding.WithPadding(base32.NoPadding)

// KnownAs is the identifier of the contact that is known by a pseudonym alone.
func KnownAs(person []byte) string {
	return knownPrefix + strings.ToLower(pseudonyms.EncodeToString(person))
}

// GivenByService tells whether an identifier is one that KnownAs makes: nobody else gives it to a contact.
func GivenByService(id string) bool {
	rest, ok := strings.CutPrefix(id, knownPrefix)
	if !ok || rest != strings.ToLower(rest) {
		return false
	}
	b, err := pseudonyms.DecodeString(strings.ToUpper(rest))
	return err == nil && len(b) == personBytes
}

// personBytes is the length of a pseudonym.
const personBytes = 16

// KnownPerson is the pseudonym of a contact of which GivenByService holds.
func KnownPerson(id string) []byte {
	b, err := pseudonyms.DecodeString(strings.ToUpper(strings.TrimPrefix(id, knownPrefix)))
	if err != nil {
		return nil
	}
	return b
}
