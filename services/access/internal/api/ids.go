package api

import (
	"crypto/rand"
	"strings"
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
		return "", malformed(field, "NAME_MALFORMED", "must have the form "+collection+"{id}")
	}
	return id, nil
}

// idAlphabet is Crockford's base 32 in lower case: no letters that are taken for digits, nothing that spells a word.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// idGroup is how many letters of an identifier stand together; each is 5 bits.
const idGroup = 4

// Lengths of server-made identifiers, in groups: what is made by hand can be read out on the telephone; what is made by the million never meets.
const (
	shortID = 3
	longID  = 5
)

// newID makes an identifier such as `4m7q-x0td-9zhe`.
func newID(groups int) string {
	random := make([]byte, groups*idGroup)
	// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
	_, _ = rand.Read(random)
	out := make([]byte, 0, groups*(idGroup+1))
	for i, b := range random {
		if i > 0 && i%idGroup == 0 {
			out = append(out, '-')
		}
		out = append(out, idAlphabet[int(b)%len(idAlphabet)])
	}
	return string(out)
}
