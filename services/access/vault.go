package access

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/vault"
)

// Vault says by which keys the keys of persons are wrapped.
type Vault struct {
	Keys []seal.Source `koanf:"keys" doc:"Key-encryption keys. The first encrypts the keys that personal data is encrypted with, the others only decrypt until nothing needs them any more. While there is none, a service on SQLite makes one at its first start and keeps it in the file kek of the data folder; with PostgreSQL one is needed, the same for all processes. Whoever loses them loses the personal data."`
}

func (v Vault) check(shared bool) error {
	if shared && len(v.Keys) == 0 {
		return errors.New("check vault.keys: with PostgreSQL a key-encryption key is needed, the same for all processes: " +
			"make one by openssl rand -base64 32 and name its file or environment variable")
	}
	return nil
}

// The key-encryption key that is made where none is configured.
const (
	ownKeyID   = "local"
	ownKeyFile = "kek"
)

// openVault makes the vault with the key-encryption keys that the configuration names, or its own.
func openVault(ctx context.Context, config Config, deps Deps, db backend) (*vault.Vault, *seal.Ring, error) {
	sources := config.Vault.Keys
	if len(sources) == 0 {
		if err := ownKey(ctx, deps, db); err != nil {
			return nil, nil, err
		}
		sources = []seal.Source{{ID: ownKeyID, File: ownKeyFile}}
	}
	ring, err := seal.LoadRing(sources, deps.Data)
	if err != nil {
		return nil, nil, fmt.Errorf("read access.vault.keys: %w", err)
	}
	v, err := vault.Open(ctx, db, ring, deps.Now)
	if err != nil {
		return nil, nil, fmt.Errorf("open vault: %w", err)
	}
	return v, ring, nil
}

// ownKey makes a key-encryption key at the first start. Later a missing one is not replaced: what it wrapped would be lost for good.
func ownKey(ctx context.Context, deps Deps, db backend) error {
	path := filepath.Join(deps.Data, ownKeyFile)
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	used, err := vault.Used(ctx, db)
	if err != nil {
		return err
	}
	if used {
		return fmt.Errorf("open vault: %w: put the file %s back, which holds %q, or name the keys in access.vault.keys", vault.ErrKeyMissing, path, ownKeyID)
	}
	if _, err := seal.EnsureFile(path); err != nil {
		return fmt.Errorf("make key-encryption key: %w", err)
	}
	deps.Logger.InfoContext(ctx, "a key-encryption key was made: keep a copy of it apart from the backups", slog.String("path", path))
	return nil
}
