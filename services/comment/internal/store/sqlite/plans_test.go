package sqlite

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
	tables "github.com/otklik/otklik/services/comment/internal/store/relational"
	"github.com/otklik/otklik/services/comment/internal/store/storetest"
)

// recorder remembers the plans of the queries that pass through it.
type recorder struct {
	*database
	plans []string
}

// Query implements relational.Reader.
func (r *recorder) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	plan, err := r.plan(ctx, query, args)
	if err != nil {
		return nil, err
	}
	r.plans = append(r.plans, plan)
	return r.database.Query(ctx, query, args...)
}

// View implements relational.Database: without one moment, which plans do not need.
func (r *recorder) View(ctx context.Context, fn func(ctx context.Context, r relational.Reader) error) error {
	return fn(ctx, r)
}

// Update implements relational.Database.
func (r *recorder) Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error {
	return r.database.Update(ctx, func(ctx context.Context, w relational.Writer) error { return fn(ctx, recordingWriter{w, r}) })
}

// recordingWriter remembers the plans of the queries of a transaction.
type recordingWriter struct {
	relational.Writer
	recorder *recorder
}

// Query implements relational.Reader.
func (w recordingWriter) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	plan, err := w.recorder.plan(ctx, query, args)
	if err != nil {
		return nil, err
	}
	w.recorder.plans = append(w.recorder.plans, plan)
	return w.Writer.Query(ctx, query, args...)
}

func (r *recorder) plan(ctx context.Context, query string, args []any) (plan string, err error) {
	rows, err := r.database.Query(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			return "", err
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), rows.Err()
}

// TestPlans keeps the commonest queries on their indexes.
func TestPlans(t *testing.T) {
	opened, err := Open(t.Context(), filepath.Join(t.TempDir(), "comment.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	r := &recorder{database: opened.db}
	s, ctx := tables.New(r), t.Context()
	if _, err := s.HoldFeed(ctx, "plans", time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.ApplyEvents(ctx, "plans", store.Batch{To: 1, Responses: []store.Response{storetest.Response(rand.New(rand.NewPCG(1, 2)), "acme", "visits", "r1", 1)}}); err != nil {
		t.Fatal(err)
	}
	slice := store.Slice{Organization: "acme", Survey: "visits", Start: time.Unix(0, 0), End: time.Now()}
	all := store.Slice{Organization: "acme", Start: time.Unix(0, 0), End: time.Now()}
	words := slice
	words.Words = &search.Query{All: []search.Phrase{{{"хлеб"}}}, None: []search.Phrase{{{"сыр"}}}}
	named := slice
	named.Aspect, named.AspectSentiment = "price", store.Negative
	ref := store.Ref{Organization: "acme", Survey: "visits", Response: "r1", ID: "q0"}
	const byTime = "SEARCH c USING INDEX comments_by_time (organization=? AND survey=? AND count_time>? AND count_time<?)"
	for name, c := range map[string]struct {
		run    func() error
		plan   string
		sorted bool
	}{
		"get":  {func() error { _, err := s.GetComment(ctx, ref, nil); return err }, "SEARCH c USING INDEX comments_by_name", false},
		"list": {func() error { _, _, err := s.ListComments(ctx, store.CommentQuery{Slice: slice, Limit: 5}); return err }, byTime, false},
		"next page": {func() error {
			_, _, err := s.ListComments(ctx, store.CommentQuery{Slice: slice, Limit: 5, Before: store.Mark{Seq: 4}})
			return err
		}, byTime, false},
		"list all": {func() error { _, _, err := s.ListComments(ctx, store.CommentQuery{Slice: all, Limit: 5}); return err }, "comments_of_all_surveys_by_time", false},
		"search":   {func() error { _, _, err := s.ListComments(ctx, store.CommentQuery{Slice: words, Limit: 5}); return err }, "VIRTUAL TABLE INDEX", true},
		"rank": {func() error {
			_, _, err := s.ListComments(ctx, store.CommentQuery{Slice: words, Limit: 5, ByRank: true})
			return err
		}, "CO-ROUTINE f", true},
		"themes":                {func() error { _, _, err := s.CountThemes(ctx, slice, store.Ungrouped); return err }, "USING COVERING INDEX comments_by_time", false},
		"stale":                 {func() error { _, err := s.StaleComments(ctx, "acme", "two", 1, 0, 5); return err }, "SEARCH c USING INDEX comments_by_seq", false},
		"person":                {func() error { _, err := s.ListPerson(ctx, "acme", []byte{1}, 0, 5); return err }, "responses_by_person (organization=? AND person=?)\nSEARCH c USING INDEX comments_by_name", true},
		"person's testimonials": {func() error { _, err := s.ListPersonRecords(ctx, "acme", []byte{1}); return err }, "SEARCH x USING INDEX testimonials_by_comment", true},
		"person's corrections":  {func() error { _, err := s.ListPersonRecords(ctx, "acme", []byte{1}); return err }, "SEARCH x USING INDEX corrections_by_comment", true},
		"person's dead letters": {func() error { _, err := s.ListPersonRecords(ctx, "acme", []byte{1}); return err }, "dead_letters_by_person", true},
		"models":                {func() error { _, err := s.Models(ctx, "acme"); return err }, "COVERING INDEX comments_by_model", false},
		"events":                {func() error { _, _, err := s.OutboxEvents(ctx, "", 0, 5); return err }, "outbox_by_position", false},
		"passes":                {func() error { _, err := s.EndPass(ctx, "plans", 5); return err }, "responses_by_pass", false},
		"words":                 {func() error { _, err := s.ForgetWords(ctx, time.Now(), 5); return err }, "comments_with_words_by_time", false},
		"evidence of a phrase":  {func() error { _, err := s.PhraseEvidence(ctx, slice, 5, 5); return err }, "SEARCH p USING COVERING INDEX comment_phrases_by_key", true},
		"evidence of an aspect": {func() error {
			_, err := s.AspectEvidence(ctx, named, 5)
			return err
		}, "SEARCH m USING COVERING INDEX comment_aspects_by_aspect (organization=? AND aspect=? AND sentiment=?)", true},
	} {
		r.plans = nil
		if err := c.run(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plan := strings.Join(r.plans, "\n")
		for line := range strings.Lines(plan) {
			if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "VIRTUAL") && !strings.HasPrefix(line, "SCAN f") && strings.TrimSpace(line) != "SCAN e" && !strings.Contains(line, "CONSTANT ROW") {
				t.Errorf("%s scans:\n%s", name, plan)
			}
		}
		if !strings.Contains(plan, c.plan) || !c.sorted && strings.Contains(plan, "FOR ORDER BY") {
			t.Errorf("%s: the plan is not by %q:\n%s", name, c.plan, plan)
		}
	}
}
