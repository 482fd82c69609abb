// Package seal keeps secrets of persons unreadable without their keys: authenticated encryption under named keys, the ring of
// key-encryption keys that those are wrapped by, pseudonyms, and the keeper by which a service uses the keys of a vault.
//
// A sealed text names its key, so that whoever holds it knows what to ask for; when the key is destroyed, every copy of the text is
// unreadable, backups included.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// KeyBytes is the length of a key's secret: AES-256.
const KeyBytes = 32

// MaxKeyID is the greatest length of a key's identifier.
const MaxKeyID = 63

// The errors of Open.
var (
	// ErrMalformed tells that the bytes are no sealed text.
	ErrMalformed = errors.New("it is no sealed text")
	// ErrOpen tells that the sealed text was changed, or belongs to another key or other associated data.
	ErrOpen = errors.New("the sealed text cannot be opened")
	// ErrKey tells that a key has no identifier or is of another length.
	ErrKey = errors.New("the key cannot be used")
)

// Key is a named secret.
type Key struct {
	// ID names the key: small letters, digits, - and _, at most MaxKeyID.
	ID string
	// Secret is KeyBytes random bytes.
	Secret []byte
}

// String keeps the secret out of logs.
func (k Key) String() string { return "key " + k.ID }

// GoString keeps the secret out of logs, whatever the verb.
func (k Key) GoString() string { return k.String() }

// MarshalText keeps the secret out of logs in JSON: nothing stores keys by it.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Check tells whether the key can be used: ErrKey.
func (k Key) Check() error {
	if !validID(k.ID) {
		return fmt.Errorf("%w: its identifier %q has to be of small letters, digits, - and _, at most %d", ErrKey, k.ID, MaxKeyID)
	}
	if len(k.Secret) != KeyBytes {
		return fmt.Errorf("%w: %q has %d bytes, want %d", ErrKey, k.ID, len(k.Secret), KeyBytes)
	}
	return nil
}

func validID(id string) bool {
	if id == "" || len(id) > MaxKeyID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// identifiers spells bytes so that their order stays.
var identifiers = base32.HexEncoding.WithPadding(base32.NoPadding)

// NewKey makes a random key. Its identifier begins with the moment, so that keys made together lie together.
func NewKey(now time.Time) Key {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(max(0, now.UnixMilli()))<<16)
	// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
	_, _ = rand.Read(id[6:])
	return Key{ID: strings.ToLower(identifiers.EncodeToString(id[:])), Secret: random(KeyBytes)}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// Layout of a sealed text: version, length of the key's identifier, the identifier, salt, nonce, ciphertext with its tag. All before the
// ciphertext is authenticated together with the associated data.
const (
	version    = 1
	saltBytes  = 16
	nonceBytes = 12
	tagBytes   = 16
)

// Overhead is by how many bytes a text grows at most when it is sealed.
const Overhead = 2 + MaxKeyID + saltBytes + nonceBytes + tagBytes

// label keeps keys that are derived here apart from whatever else is derived from the same secret.
const label = "otklik/seal/v1"

// Seal encrypts and authenticates a text with AES-256-GCM, under a key of its own that is derived from the key's secret and a random salt, so
// that a key is good for any number of texts. Open needs the same associated data: say in it where the text belongs, so that it is good
// nowhere else. Errors: ErrKey.
func Seal(key Key, plaintext, associated []byte) ([]byte, error) {
	if err := key.Check(); err != nil {
		return nil, err
	}
	out := make([]byte, 0, 2+len(key.ID)+saltBytes+nonceBytes+len(plaintext)+tagBytes)
	out = append(out, version, byte(len(key.ID)))
	out = append(out, key.ID...)
	out = append(out, random(saltBytes+nonceBytes)...)
	aead, err := derive(key.Secret, out[len(out)-saltBytes-nonceBytes:len(out)-nonceBytes])
	if err != nil {
		return nil, err
	}
	return aead.Seal(out, out[len(out)-nonceBytes:], plaintext, bind(out, associated)), nil
}

// Open is the inverse of Seal. Errors: ErrKey; ErrMalformed; ErrOpen when anything is not as it was at Seal: the key, the text, the associated data.
func Open(key Key, sealed, associated []byte) ([]byte, error) {
	if err := key.Check(); err != nil {
		return nil, err
	}
	id, err := KeyID(sealed)
	if err != nil {
		return nil, err
	}
	if id != key.ID {
		return nil, fmt.Errorf("%w: it was sealed with key %q, not %q", ErrOpen, id, key.ID)
	}
	at := 2 + len(id) + saltBytes + nonceBytes
	header, body := sealed[:at:at], sealed[at:]
	aead, err := derive(key.Secret, header[at-saltBytes-nonceBytes:at-nonceBytes])
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, header[at-nonceBytes:], body, bind(header, associated))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// KeyID tells which key a text was sealed with. Errors: ErrMalformed.
func KeyID(sealed []byte) (string, error) {
	if len(sealed) < 2 || sealed[0] != version {
		return "", ErrMalformed
	}
	n := int(sealed[1])
	if len(sealed) < 2+n+saltBytes+nonceBytes+tagBytes {
		return "", ErrMalformed
	}
	id := string(sealed[2 : 2+n])
	if !validID(id) {
		return "", ErrMalformed
	}
	return id, nil
}

// derive makes the cipher of one text.
func derive(secret, salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, secret, label+string(salt), KeyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return aead, nil
}

// bind joins what is authenticated beside the text. The header tells its own length.
func bind(header, associated []byte) []byte {
	return append(append(make([]byte, 0, len(header)+len(associated)), header...), associated...)
}
