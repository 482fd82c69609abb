package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoKey tells that the ring lacks the key that a text was sealed with.
var ErrNoKey = errors.New("the key-encryption key is missing")

// Ring is a set of key-encryption keys: the first seals, all open. Safe for concurrent use; it never changes.
type Ring struct {
	first Key
	byID  map[string]Key
	ids   []string
}

// NewRing makes a ring. Errors: ErrKey, or that there is no key or two have one identifier.
func NewRing(keys ...Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("make ring of keys: there is no key")
	}
	r := &Ring{first: keys[0], byID: make(map[string]Key, len(keys))}
	for _, k := range keys {
		if err := k.Check(); err != nil {
			return nil, fmt.Errorf("make ring of keys: %w", err)
		}
		if _, ok := r.byID[k.ID]; ok {
			return nil, fmt.Errorf("make ring of keys: the identifier %q is used twice", k.ID)
		}
		r.byID[k.ID] = k
		r.ids = append(r.ids, k.ID)
	}
	return r, nil
}

// First names the key that seals.
func (r *Ring) First() string { return r.first.ID }

// IDs names all keys, the first first.
func (r *Ring) IDs() []string { return slices.Clone(r.ids) }

// Seal seals a text with the first key.
func (r *Ring) Seal(plaintext, associated []byte) ([]byte, error) {
	return Seal(r.first, plaintext, associated)
}

// Open opens a text that was sealed with any of the keys. Errors: ErrNoKey, ErrMalformed, ErrOpen.
func (r *Ring) Open(sealed, associated []byte) ([]byte, error) {
	id, err := KeyID(sealed)
	if err != nil {
		return nil, err
	}
	key, ok := r.byID[id]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoKey, id)
	}
	return Open(key, sealed, associated)
}

// Source says where a key-encryption key is. Exactly one of File and Env is set.
type Source struct {
	ID   string `koanf:"id" doc:"Name of the key, of small letters, digits, - and _. What is encrypted with it names it: another key needs another name."`
	File string `koanf:"file" doc:"File that holds the key: 32 random bytes in base64, as openssl rand -base64 32 makes them."`
	Env  string `koanf:"env" doc:"Environment variable that holds the key instead of a file."`
}

// LoadRing reads keys; relative files begin in folder. Errors name the key, never what it holds.
func LoadRing(sources []Source, folder string) (*Ring, error) {
	keys := make([]Key, 0, len(sources))
	for _, s := range sources {
		text, err := s.read(folder)
		if err != nil {
			return nil, fmt.Errorf("read key-encryption key %q: %w", s.ID, err)
		}
		secret, err := ParseSecret(text)
		if err != nil {
			return nil, fmt.Errorf("read key-encryption key %q: %w", s.ID, err)
		}
		keys = append(keys, Key{ID: s.ID, Secret: secret})
	}
	return NewRing(keys...)
}

func (s Source) read(folder string) (string, error) {
	switch {
	case (s.File == "") == (s.Env == ""):
		return "", errors.New("want either a file or an environment variable")
	case s.Env != "":
		text, ok := os.LookupEnv(s.Env)
		if !ok {
			return "", fmt.Errorf("the environment variable %s is not set", s.Env)
		}
		return text, nil
	}
	path := s.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// ParseSecret reads a key as files and variables hold it: KeyBytes bytes in base64, with or without padding, of either alphabet.
func ParseSecret(text string) ([]byte, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	secret, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(secret) != KeyBytes {
		// Without the cause, which would quote a part of the secret.
		return nil, fmt.Errorf("it is not %d bytes in base64", KeyBytes)
	}
	return secret, nil
}

// fileMode keeps a key from other users of the machine.
const fileMode = 0o600

// EnsureFile makes a file with a new random key when there is none, and tells whether it did. The file is on the disk when it returns. Several
// processes may do so at once: all find the same key.
func EnsureFile(path string) (made bool, err error) {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return false, fmt.Errorf("make key file: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(temporary.Name())) }()
	_, err = temporary.WriteString(base64.StdEncoding.EncodeToString(random(KeyBytes)) + "\n")
	err = errors.Join(err, temporary.Chmod(fileMode), temporary.Sync(), temporary.Close())
	if err != nil {
		return false, fmt.Errorf("write key file: %w", err)
	}
	// A link, not a renaming, which would replace the file of another process.
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("put key file in its place: %w", err)
	} else if err != nil {
		return false, nil
	}
	return true, syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("write folder: %w", err)
	}
	return nil
}
