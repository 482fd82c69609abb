package suite

import (
	"context"
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

// firstKey is the administrator's key that is kept in the data folder.
type firstKey struct {
	secret, path string
	// made tells that it was made just now.
	made bool
}

// readFirstKey returns the administrator's key, made at the first start.
func readFirstKey(folder string) (firstKey, error) {
	path := filepath.Join(folder, firstKeyFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		secret := strings.TrimSpace(string(raw))
		if secret == "" {
			return firstKey{}, fmt.Errorf("read first key: %s is empty: delete it to get a new one", path)
		}
		return firstKey{secret: secret, path: path}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return firstKey{}, fmt.Errorf("read first key: %w", err)
	}
	secret := authn.NewSecret()
	if err := keepFirstKey(path, secret); errors.Is(err, fs.ErrExist) {
		// Another process was faster: its key is the one that stays.
		return readFirstKey(folder)
	} else if err != nil {
		return firstKey{}, fmt.Errorf("keep first key: %w", err)
	}
	return firstKey{secret: secret, path: path, made: true}, nil
}

// keepFirstKey makes the file, readable by its owner alone, unless there is one: fs.ErrExist. It is written aside, so that a crash leaves no half of a
// key.
func keepFirstKey(path, secret string) (err error) {
	aside, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(aside.Name())) }()
	_, err = aside.WriteString(secret + "\n")
	if err = errors.Join(err, aside.Sync(), aside.Close()); err != nil {
		return err
	}
	// A link, not a renaming, which would replace the file of another process.
	return os.Link(aside.Name(), path)
}

// tellFirstKey puts the key on the ready line when it was just made, and otherwise where it lies: what is printed at every start ends up in logs.
func (p *process) tellFirstKey(ctx context.Context, first firstKey) {
	switch {
	case first.secret == "":
	case first.made:
		p.ready.Key, p.ready.KeyFile = first.secret, first.path
		p.log.InfoContext(ctx, "an administrator's key was made; it is printed once and kept in a file", "file", first.path)
	default:
		p.ready.KeyFile = first.path
		p.log.InfoContext(ctx, "the administrator's key lies in a file", "file", first.path)
	}
}

// keyFor describes a secret to the keyring.
func keyFor(id, secret, organization string, roles ...string) authn.Key {
	return authn.Key{ID: id, SHA256: authn.HashKey(secret), Organization: organization, Roles: roles}
}
