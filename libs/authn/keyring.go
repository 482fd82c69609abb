package authn

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Key is one static credential as the configuration holds it: the hash of the secret, not the secret.
type Key struct {
	ID           string   `koanf:"id" doc:"Name of the key in logs; unique."`
	SHA256       string   `koanf:"sha256" secret:"true" doc:"SHA-256 of the secret in hexadecimal."`
	Organization string   `koanf:"organization" doc:"Organisation that the key acts for; may be empty only for the role service."`
	Roles        []string `koanf:"roles" doc:"Roles of the key."`
}

// Keyring authenticates bearer tokens against a fixed set of keys. Safe for concurrent use.
type Keyring struct {
	// byHash is keyed by the SHA-256 of the secret: to learn anything from the time of a map lookup one would have to choose tokens by
	// prefixes of their hash, and even the whole hash does not give the secret. The entry found is compared in constant time.
	byHash map[[sha256.Size]byte]entry
}

type entry struct {
	hash      [sha256.Size]byte
	principal Principal
}

// NewKeyring checks and indexes the keys. Errors name the key at fault: no id, a duplicate id or hash, a hash that is no SHA-256 in
// hexadecimal, no role, or no organisation without the role service.
func NewKeyring(keys []Key) (*Keyring, error) {
	k := &Keyring{byHash: make(map[[sha256.Size]byte]entry, len(keys))}
	ids := make(map[string]bool, len(keys))
	for i, key := range keys {
		if key.ID == "" {
			return nil, fmt.Errorf("check key %d: the id is empty", i)
		}
		if ids[key.ID] {
			return nil, fmt.Errorf("check key %q: the id is used twice", key.ID)
		}
		ids[key.ID] = true
		raw, err := hex.DecodeString(key.SHA256)
		if err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("check key %q: sha256 is not %d hexadecimal digits", key.ID, 2*sha256.Size)
		}
		if len(key.Roles) == 0 {
			return nil, fmt.Errorf("check key %q: no role", key.ID)
		}
		if key.Organization == "" && !slices.Contains(key.Roles, RoleService) {
			return nil, fmt.Errorf("check key %q: no organisation", key.ID)
		}
		e := entry{hash: [sha256.Size]byte(raw), principal: Principal{ID: key.ID, Organization: key.Organization, Roles: slices.Clone(key.Roles)}}
		if _, ok := k.byHash[e.hash]; ok {
			return nil, fmt.Errorf("check key %q: another key has the same secret", key.ID)
		}
		k.byHash[e.hash] = e
	}
	return k, nil
}

// Authenticate returns whom the token proves. An unknown or empty token is an *rpcerr.Error UNAUTHENTICATED.
func (k *Keyring) Authenticate(token string) (Principal, error) {
	if token == "" {
		return Principal{}, rpcerr.New(codes.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no key")
	}
	hash := sha256.Sum256([]byte(token))
	e, ok := k.byHash[hash]
	if !ok || subtle.ConstantTimeCompare(e.hash[:], hash[:]) != 1 {
		return Principal{}, rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "the key is not known")
	}
	return e.principal, nil
}

// HashKey is the form in which the configuration holds a secret: SHA-256 in lower-case hexadecimal. A slow hash would add nothing, since
// secrets are random (NewSecret), not chosen by people.
func HashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// secretBytes is the entropy of a secret: 256 bits.
const secretBytes = 32

// NewSecret makes a random secret of 256 bits, printable and free of characters that need quoting in shells and URLs.
func NewSecret() string {
	var b [secretBytes]byte
	// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
	_, _ = rand.Read(b[:])
	return "otk_" + base64.RawURLEncoding.EncodeToString(b[:])
}
