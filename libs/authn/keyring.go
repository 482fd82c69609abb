package authn

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
)

// Key is one static credential as the configuration holds it: the hash of the secret, not the secret.
type Key struct {
	ID           string   `koanf:"id" doc:"Name of the key in logs; unique."`
	SHA256       string   `koanf:"sha256" secret:"true" doc:"SHA-256 of the secret in hexadecimal."`
	Organization string   `koanf:"organization" doc:"Organisation that the key acts for; may be empty only for the role service."`
	Roles        []string `koanf:"roles" doc:"Roles of the key."`
	Origins      []string `koanf:"origins" doc:"Origins from which browsers may use the key, for example https://shop.example; without any no page of another origin may."`
}

// Keyring authenticates bearer tokens against a fixed set of keys. Safe for concurrent use.
type Keyring struct {
	// byHash is keyed by the SHA-256 of the secret: to learn anything from the time of a map lookup one would have to choose tokens by
	// prefixes of their hash, and even the whole hash does not give the secret. The entry found is compared in constant time.
	byHash map[[sha256.Size]byte]staticKey
}

// maxOrganization is the longest name of an organisation, in bytes: the audit log takes no longer one, and without it nothing can be changed.
const maxOrganization = 63

type staticKey struct {
	hash      [sha256.Size]byte
	principal Principal
}

// NewKeyring checks and indexes the keys. Errors name the key at fault: no id, a duplicate id or hash, a hash that is no SHA-256 in
// hexadecimal, no role, no organisation without the role service, one that the audit log does not take, or an origin that no browser sends.
func NewKeyring(keys []Key) (*Keyring, error) {
	k := &Keyring{byHash: make(map[[sha256.Size]byte]staticKey, len(keys))}
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
		if len(key.Organization) > maxOrganization {
			return nil, fmt.Errorf("check key %q: the organisation is longer than %d bytes", key.ID, maxOrganization)
		}
		for _, origin := range key.Origins {
			if origin == "" || origin != normalOrigin(origin) {
				return nil, fmt.Errorf("check key %q: no browser sends the origin %q: want small letters, and neither a slash at the end nor the usual port", key.ID, origin)
			}
		}
		e := staticKey{hash: [sha256.Size]byte(raw), principal: Principal{
			Kind: kindOf(key.Roles), ID: key.ID, Organization: key.Organization, Roles: slices.Clone(key.Roles),
			Origins: slices.Clone(key.Origins),
		}}
		if _, ok := k.byHash[e.hash]; ok {
			return nil, fmt.Errorf("check key %q: another key has the same secret", key.ID)
		}
		k.byHash[e.hash] = e
	}
	return k, nil
}

// Authenticate returns whom the token proves: ErrMissing for an empty one, ErrInvalid for one that is not known.
func (k *Keyring) Authenticate(_ context.Context, c Credential) (Principal, error) {
	if c.Token == "" {
		return Principal{}, ErrMissing
	}
	hash := hashToken(c.Token)
	e, ok := k.byHash[hash]
	if !ok || subtle.ConstantTimeCompare(e.hash[:], hash[:]) != 1 {
		return Principal{}, ErrInvalid
	}
	return e.principal, nil
}

// Named returns the principal of a key that acts for an organisation, by the key's identifier; false when there is none.
func (k *Keyring) Named(organization, id string) (Principal, bool) {
	for _, key := range k.byHash {
		if key.principal.ID == id && key.principal.Organization == organization {
			return key.principal, true
		}
	}
	return Principal{}, false
}

// kindOf is what kind a key of the configuration is: an app's when it can do nothing but what apps may.
func kindOf(roles []string) Kind {
	switch {
	case slices.Contains(roles, RoleService):
		return KindService
	case len(roles) == 1 && roles[0] == RoleApp:
		return KindApp
	}
	return KindMachine
}

// hashToken is the SHA-256 of a token. Tokens of usual length are hashed without a copy on the heap.
func hashToken(token string) [sha256.Size]byte {
	var room [128]byte
	return sha256.Sum256(append(room[:0], token...))
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
func NewSecret() string { return NewSecretWithPrefix("otk_") }

// NewSecretWithPrefix is NewSecret with a prefix that tells people, and those who search for leaked secrets, what it is.
func NewSecretWithPrefix(prefix string) string {
	var b [secretBytes]byte
	// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
	_, _ = rand.Read(b[:])
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}
