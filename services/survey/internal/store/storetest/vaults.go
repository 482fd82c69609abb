package storetest

import (
	"sync"
	"testing"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// vaults: the first fingerprint of an organisation's vault is remembered for good, over restarts, whoever notes one at the same time.
func vaults(t *testing.T, open Open) {
	s := open(t)
	_, _, err := s.AnyVault(t.Context())
	want(t, "none", err, store.ErrNotFound)
	noted := make([]string, 8)
	var group sync.WaitGroup
	for i := range noted {
		group.Go(func() {
			fingerprint, err := s.NoteVault(t.Context(), "acme", []byte{byte(i)})
			if err != nil {
				t.Error(err)
			}
			noted[i] = string(fingerprint)
		})
	}
	group.Wait()
	for _, fingerprint := range noted {
		equal(t, "noted at once", fingerprint, noted[0])
	}
	other, err := s.NoteVault(t.Context(), "globex", []byte("other"))
	want(t, "of another organisation", err, nil)
	equal(t, "of another organisation", string(other), "other")
	again, err := s.NoteVault(t.Context(), "globex", []byte("later"))
	want(t, "later", err, nil)
	equal(t, "later", string(again), "other")
	organization, any, err := s.AnyVault(t.Context())
	want(t, "any", err, nil)
	equal(t, "any of "+organization, string(any), map[string]string{"acme": noted[0], "globex": "other"}[organization])
}
