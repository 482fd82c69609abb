package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/otklik/otklik/libs/authn"
)

// DefaultOrganization owns what is stored with the key that `otklik all` makes.
const DefaultOrganization = "default"

// firstKeyFile holds the secret of that key in the data folder, readable by its owner alone.
const firstKeyFile = "key"

// firstKey returns the administrator's secret that is kept in the data folder, made at the first start.
func firstKey(folder string) (string, error) {
	path := filepath.Join(folder, firstKeyFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		secret := strings.TrimSpace(string(raw))
		if secret == "" {
			return "", fmt.Errorf("read first key: %s is empty: delete it to get a new one", path)
		}
		return secret, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read first key: %w", err)
	}
	secret := authn.NewSecret()
	// Written aside and renamed, so that a crash leaves no half of a key.
	aside := path + ".new"
	if err := os.WriteFile(aside, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write first key: %w", err)
	}
	if err := os.Rename(aside, path); err != nil {
		return "", fmt.Errorf("keep first key: %w", err)
	}
	return secret, nil
}

// keyFor describes a secret to the keyring.
func keyFor(id, secret, organization string, roles ...string) authn.Key {
	return authn.Key{ID: id, SHA256: authn.HashKey(secret), Organization: organization, Roles: roles}
}
