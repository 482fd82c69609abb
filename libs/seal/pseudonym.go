package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

const (
	pseudonymPrefix = "p_"
	// PseudonymBytes is the length of a pseudonym before it is spelled: two of a billion persons share one with a probability of 10^-21.
	PseudonymBytes = 16
)

var pseudonyms = base32.StdEncoding.WithPadding(base32.NoPadding)

// Pseudonym is the same for the same text under the same key, and tells nobody without the key which text it was: the first 16 bytes of
// HMAC-SHA-256 in base32, small, after `p_`.
func Pseudonym(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	// Writing to a hash cannot fail.
	_, _ = mac.Write([]byte(text))
	return FormatPseudonym(mac.Sum(nil)[:PseudonymBytes])
}

// FormatPseudonym spells the bytes of a pseudonym.
func FormatPseudonym(b []byte) string {
	return pseudonymPrefix + strings.ToLower(pseudonyms.EncodeToString(b))
}

// ParsePseudonym returns the PseudonymBytes bytes of a pseudonym, false when the text is none.
func ParsePseudonym(text string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(text, pseudonymPrefix)
	if !ok || rest != strings.ToLower(rest) {
		return nil, false
	}
	b, err := pseudonyms.DecodeString(strings.ToUpper(rest))
	if err != nil || len(b) != PseudonymBytes || FormatPseudonym(b) != text {
		return nil, false
	}
	return b, true
}
