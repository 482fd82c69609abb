package api

import (
	"crypto/rand"
	"crypto/sha256"
)

// idAlphabet is Crockford's base 32 in lower case: no letters that are taken for digits, nothing that spells a word.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// Server-made identifiers have idGroups groups of idGroup letters of 5 bits: 60 bits, so that nobody meets one by guessing, and short enough
// to be read out on the telephone.
const (
	idGroups = 3
	idGroup  = 4
)

// newSurveyID makes an identifier such as `4m7q-x0td-9zhe`.
func newSurveyID() string {
	var random [idGroups * idGroup]byte
	// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
	_, _ = rand.Read(random[:])
	out := make([]byte, 0, idGroups*(idGroup+1))
	for i, b := range random {
		if i > 0 && i%idGroup == 0 {
			out = append(out, '-')
		}
		out = append(out, idAlphabet[int(b)%len(idAlphabet)])
	}
	return string(out)
}

// fingerprintBytes is how much of the SHA-256 is kept with every submission: 128 bits leave no chance to meet by accident.
const fingerprintBytes = 16

// fingerprint identifies content by parts that are each self-delimiting or last.
func fingerprint(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(make([]byte, 0, sha256.Size))[:fingerprintBytes]
}
