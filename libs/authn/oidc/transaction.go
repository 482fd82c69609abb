package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// started is what is remembered of a log-in that has begun.
type started struct {
	Provider    string `json:"p"`
	State       string `json:"s"`
	Nonce       string `json:"n"`
	PKCE        string `json:"v"`
	RedirectURL string `json:"u"`
	ReturnTo    string `json:"r"`
	Expires     int64  `json:"e"`
}

const (
	// leastKey is how many bytes a key needs.
	leastKey = 32
	// greatestTransaction bounds what is taken from a browser, in bytes.
	greatestTransaction = 4096
	// sealPurpose keeps values apart that are sealed for other ends with the same key.
	sealPurpose = "otklik log-in transaction 1"
)

// sealer encrypts what browsers keep.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	if len(key) < leastKey {
		return sealer{}, fmt.Errorf("make key for log-ins: %d bytes are fewer than %d", len(key), leastKey)
	}
	derived, err := hkdf.Key(sha256.New, key, nil, sealPurpose, 32)
	if err != nil {
		return sealer{}, fmt.Errorf("make key for log-ins: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return sealer{}, fmt.Errorf("make key for log-ins: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealer{}, fmt.Errorf("make key for log-ins: %w", err)
	}
	return sealer{aead}, nil
}

func (s sealer) seal(t started) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	//nolint:gosec // The AEAD makes a random nonce of its own and takes none.
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, []byte(sealPurpose))), nil
}

func (s sealer) open(text string, now time.Time) (started, error) {
	if len(text) > greatestTransaction {
		return started{}, errors.New("the transaction is too long")
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return started{}, fmt.Errorf("decode transaction: %w", err)
	}
	plain, err := s.aead.Open(nil, nil, raw, []byte(sealPurpose))
	if err != nil {
		return started{}, fmt.Errorf("open transaction: %w", err)
	}
	var t started
	if err := json.Unmarshal(plain, &t); err != nil {
		return started{}, fmt.Errorf("read transaction: %w", err)
	}
	if now.Unix() >= t.Expires {
		return started{}, errors.New("the transaction has expired")
	}
	return t, nil
}
