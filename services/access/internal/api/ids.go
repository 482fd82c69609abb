package api

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
)

// Collections of resource names.
const (
	keysCollection        = "apiKeys/"
	membersCollection     = "members/"
	invitationsCollection = "invitationTokens/"
	surveysCollection     = "surveys/"
)

// parseName takes the identifier out of a name such as `apiKeys/{key}`. The rules of the protos have refused most of what it refuses.
func parseName(field, collection, name string) (string, error) {
	id, ok := strings.CutPrefix(name, collection)
	if !ok || id == "" || strings.Contains(id, "/") {
		return "", validation.Malformed(field, "NAME_MALFORMED", "must have the form "+collection+"{id}")
	}
	return id, nil
}

// parseOwned is parseName for a thing of the caller's organisation, which it returns as well.
func parseOwned(ctx context.Context, field, collection, name string) (org, id string, err error) {
	if org, err = authn.Organization(ctx); err != nil {
		return "", "", err
	}
	id, err = parseName(field, collection, name)
	return org, id, err
}

// idAlphabet is Crockford's base 32 in lower case: no letters that are taken for digits, nothing that spells a word.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// idGroup is how many letters of an identifier stand together; each is 5 bits.
const idGroup = 4

// Lengths of what is random in server-made identifiers, in groups: what is made by hand can be read out on the telephone; what is made by the million
// never meets.
const (
	shortID = 3
	longID  = 5
)

// newID makes an identifier such as `4m7q-x0td-9zhe`.
func newID(groups int) string {
	random := make([]byte, groups*idGroup)
	// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
	_, _ = rand.Read(random)
	return spell(random)
}

// timeGroups is the length of the time in an identifier, in groups: 40 bits.
const timeGroups = 2

// timeUnit is how exactly identifiers tell when they were made: their time lasts for 557 years.
const timeUnit = 16 * time.Millisecond

// newOrderedID makes an identifier that comes after those made before, for what is made by the million: where the next one goes into an index is
// then at hand.
func newOrderedID(now time.Time) string {
	units := now.UnixMilli() / timeUnit.Milliseconds()
	letters := make([]byte, timeGroups*idGroup)
	for i := len(letters) - 1; i >= 0; i-- {
		letters[i] = byte(units & 31)
		units >>= 5
	}
	return spell(letters) + "-" + newID(shortID)
}

// spell writes 5 bits of each byte as a letter.
func spell(letters []byte) string {
	out := make([]byte, 0, len(letters)+len(letters)/idGroup)
	for i, b := range letters {
		if i > 0 && i%idGroup == 0 {
			out = append(out, '-')
		}
		out = append(out, idAlphabet[int(b)%len(idAlphabet)])
	}
	return string(out)
}
