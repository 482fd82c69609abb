package sqlite

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/storetest"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// secret is what a person wrote, in all the forms in which it is kept.
var secret = []string{"zqxerasedtext", "zqxerasedterm", "zqxerasedphrase", "zqxsealedbytes", "zqxdeadletter"}

// traces counts how many of the secrets lie in the files of a folder.
func traces(t *testing.T, dir string) (found int) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secret {
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte(s)) {
				found++
				break
			}
		}
	}
	return found
}

// TestNoTraceOfWhatWasErased looks at all bytes on the disk, while the store is open.
func TestNoTraceOfWhatWasErased(t *testing.T) {
	for name, forget := range map[string]func(s *Store, position int64) error{
		"erasure": func(s *Store, position int64) error {
			return s.ApplyEvents(t.Context(), "tester", store.Batch{From: position, To: position + 1, Removals: []store.Removal{
				{Organization: "acme", Survey: "visits", Response: "r0100", Erasure: "e", Position: position + 1},
			}})
		},
		"retention": func(s *Store, position int64) error {
			for {
				n, err := s.ForgetWords(t.Context(), time.Now().AddDate(10, 0, 0), 100)
				if err != nil || n == 0 {
					// Dead letters have no comments whose words could be forgotten.
					return s.ReplayDeadLetter(t.Context(), "acme", 1, store.Response{Survey: "visits", ID: "none", Position: 1})
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(t.Context(), filepath.Join(dir, "comment.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			position := write(t, s)
			if n := traces(t, dir); n != len(secret) {
				t.Fatalf("%d of %d lie in the files before", n, len(secret))
			}
			if err := forget(s, position); err != nil {
				t.Fatal(err)
			}
			if name == "retention" {
				s.db.EmptyLog(t.Context())
			}
			if n := traces(t, dir); n != 0 {
				t.Fatalf("%d of %d lie in the files after", n, len(secret))
			}
		})
	}
}

// write stores the secret among much else, and returns the position of the feed.
func write(t *testing.T, s *Store) int64 {
	t.Helper()
	if _, err := s.HoldFeed(t.Context(), "tester", time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	batch := store.Batch{To: 150}
	for i := range int64(150) {
		response := storetest.Response(r, "acme", "visits", fmt.Sprintf("r%04d", i), i+1)
		if i == 100 {
			c := &response.Comments[0]
			c.Text, c.Terms, c.Sealed = secret[0], secret[1], []byte(secret[3])
			c.Analysis.Phrases = []store.Phrase{{Key: 5, Text: secret[2]}}
		}
		batch.Responses = append(batch.Responses, response)
	}
	batch.DeadLetters = []store.DeadLetter{{Organization: "acme", Survey: "visits", Response: "r0100", Position: 50, Event: []byte(secret[4]), CreateTime: time.Now()}}
	if err := s.ApplyEvents(t.Context(), "tester", batch); err != nil {
		t.Fatal(err)
	}
	ref := store.Ref{Organization: "acme", Survey: "visits", Response: "r0100", ID: "q0"}
	if _, err := s.Correct(t.Context(), ref, nil, store.Correction{Sentiment: store.Mixed, CreateTime: time.Now()}); err != nil {
		t.Fatal(err)
	}
	// A testimonial is a second copy of the words.
	quote := testimonial.Testimonial{
		Organization: ref.Organization, ID: "t1", Survey: ref.Survey, Response: ref.Response, Comment: ref.ID, Text: secret[0], State: testimonial.Draft, CreateTime: time.Now(),
	}
	if err := s.CreateTestimonial(t.Context(), quote); err != nil {
		t.Fatal(err)
	}
	return batch.To
}
