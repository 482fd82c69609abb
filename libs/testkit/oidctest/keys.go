package oidctest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// key is a key of the provider.
type key struct {
	id      string
	private *ecdsa.PrivateKey
}

// rotate adds a key that signs from now on.
func (s *storage) rotate(forget bool) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if forget {
		s.keys = nil
	}
	s.keys = append(s.keys, key{id: rand.Text(), private: private})
	return nil
}

// SigningKey returns the key that signs.
func (s *storage) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return signingKey{s.keys[len(s.keys)-1]}, nil
}

// SignatureAlgorithms returns the one that is used.
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.ES256}, nil
}

// KeySet returns what is published.
func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]op.Key, len(s.keys))
	for i, k := range s.keys {
		keys[i] = publicKey{k}
	}
	return keys, nil
}

type signingKey struct{ key }

// ID is the identifier.
func (k signingKey) ID() string { return k.id }

// SignatureAlgorithm is ES256.
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.ES256 }

// Key is the private key.
func (k signingKey) Key() any { return k.private }

type publicKey struct{ key }

// ID is the identifier.
func (k publicKey) ID() string { return k.id }

// Algorithm is ES256.
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.ES256 }

// Use says that the key is for signatures.
func (k publicKey) Use() string { return "sig" }

// Key is the public key.
func (k publicKey) Key() any { return k.private.Public() }
