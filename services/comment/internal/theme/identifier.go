package theme

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// identifierBytes is how much of the digest an identifier holds.
const identifierBytes = 10

// identifier is the same for the same theme on the same day.
func identifier(theme string, now time.Time) string {
	sum := sha256.Sum256([]byte(theme + now.UTC().Format(time.DateOnly)))
	return hex.EncodeToString(sum[:identifierBytes])
}
