package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// refetchPause is the least time between two requests for keys because of tokens that none of the known keys signed: whoever sends tokens
	// that he made up must not make requests to the provider.
	refetchPause = 10 * time.Second
	// refreshAge is the age at which keys are fetched again in the background: a key that the provider took back is to be forgotten.
	refreshAge = 10 * time.Minute
	// greatestAge is how old keys may be before nothing is trusted that they signed, should the provider be away for so long.
	greatestAge = 24 * time.Hour
	// failurePause is the first wait after a request that failed; it doubles up to refetchPause.
	failurePause = time.Second
)

// errKeysAway tells that there are no keys to check a signature with.
var errKeysAway = errors.New("the keys of the provider are not at hand")

// keySet holds the public keys of a provider. It implements KeySet of go-oidc, whose own one would ask the provider again for every token
// with a wrong signature.
type keySet struct {
	client *http.Client
	url    string
	now    func() time.Time

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time
	// asked is when the last request began, failures how many failed in a row.
	asked    time.Time
	failures int
	// running is closed at the end of the request under way; nil when there is none.
	running chan struct{}
}

// VerifySignature returns the payload of a token that one of the keys signed.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	parsed, err := jose.ParseSignedCompact(token, algorithms())
	if err != nil {
		return nil, fmt.Errorf("parse token: %w", err)
	}
	if len(parsed.Signatures) != 1 {
		return nil, errors.New("not exactly one signature")
	}
	kid := parsed.Signatures[0].Header.KeyID
	keys, err := k.find(ctx, kid)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if payload, err := parsed.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("no key of the provider fits the signature")
}

// find returns the keys that may have signed a token: those of the identifier, or all when the token names none.
func (k *keySet) find(ctx context.Context, kid string) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	found := k.matching(kid)
	age := k.now().Sub(k.fetched)
	if len(found) > 0 {
		if age >= refreshAge {
			k.fetchUnlessEarly()
		}
		k.mu.Unlock()
		return found, nil
	}
	running := k.fetchUnlessEarly()
	known := len(k.keys) > 0 && age < greatestAge
	k.mu.Unlock()
	if running == nil {
		if known {
			return nil, nil
		}
		return nil, errKeysAway
	}
	select {
	case <-running:
	case <-ctx.Done():
		return nil, errors.Join(errKeysAway, ctx.Err())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if found := k.matching(kid); len(found) > 0 {
		return found, nil
	}
	if k.failures > 0 {
		// The key may be among those that could not be fetched.
		return nil, errKeysAway
	}
	return nil, nil
}

// matching returns the keys with the identifier that are not too old. The lock is held.
func (k *keySet) matching(kid string) []jose.JSONWebKey {
	if k.fetched.IsZero() || k.now().Sub(k.fetched) >= greatestAge {
		return nil
	}
	var found []jose.JSONWebKey
	for _, key := range k.keys {
		if kid == "" || key.KeyID == kid {
			found = append(found, key)
		}
	}
	return found
}

// fetchUnlessEarly begins a request for the keys, unless the last one was a short while ago. It returns what is closed at its end, or at the
// end of the one under way; nil when it is too early. The lock is held.
func (k *keySet) fetchUnlessEarly() <-chan struct{} {
	if k.running != nil {
		return k.running
	}
	wait := refetchPause
	if k.failures > 0 {
		wait = min(failurePause<<min(k.failures-1, 10), refetchPause)
	}
	now := k.now()
	if !k.asked.IsZero() && now.Sub(k.asked) < wait {
		return nil
	}
	k.asked = now
	running := make(chan struct{})
	k.running = running
	go func() {
		// Not the caller's context: others wait for the same answer. The client has a deadline of its own.
		keys, err := fetchKeys(k.client, k.url)
		k.mu.Lock()
		defer k.mu.Unlock()
		k.running = nil
		if err != nil {
			k.failures++
		} else {
			k.keys, k.fetched, k.failures = keys, now, 0
		}
		close(running)
	}()
	return running
}

// fetchKeys asks the provider for its keys. Keys of kinds that are not known are left out, and so is everything that is no public key.
func fetchKeys(client *http.Client, url string) ([]jose.JSONWebKey, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for keys: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask for keys: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask for keys: %s", response.Status)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) != nil || !key.Valid() || !key.IsPublic() || (key.Use != "" && key.Use != "sig") {
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}
