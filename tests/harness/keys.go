package harness

import (
	"crypto/sha256"
	"encoding/hex"
)

// Role is what a key may do.
type Role string

// The roles of keys that the harness makes for each organisation.
const (
	Admin Role = "admin"
	App   Role = "app"
)

// KeyFor is the key of an organisation and a role. It is derived from both, so that cases can name it before a suite runs.
func KeyFor(organization string, role Role) string {
	sum := sha256.Sum256([]byte("harness/" + organization + "/" + string(role)))
	return "otk_" + hex.EncodeToString(sum[:])
}

// ServiceKey is the key by which the parts of a suite call each other.
func ServiceKey() string { return KeyFor("", "service") }

func hashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
