package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// pages reads all pages of a list and returns the names, each once.
func pages(t *testing.T, read func(token string) (names []string, next string, err error)) []string {
	t.Helper()
	var all []string
	for token, n := "", 0; ; n++ {
		names, next, err := read(token)
		if err != nil || n > 20 {
			t.Fatalf("page %d: %v", n, err)
		}
		for _, name := range names {
			if slices.Contains(all, name) {
				t.Errorf("%s is on two pages", name)
			}
			all = append(all, name)
		}
		if token = next; token == "" {
			return all
		}
	}
}

func namesOf(list []*commentv1.Comment) (names []string) {
	for _, c := range list {
		names = append(names, c.GetName())
	}
	return names
}

// TestListsOfComments reads lists by pages: the newest first, and by words those first that fit best.
func TestListsOfComments(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.many(t, 7, store.Positive)
	client := f.comments("admin")
	for name, filter := range map[string]*commentv1.CommentFilter{"all": nil, "by words": {Query: "queues"}, "by words left out": {Query: "-staff"}, "in quotes": {Query: `"long"`}} {
		got := pages(t, func(token string) ([]string, string, error) {
			r, err := client.ListComments(t.Context(), &commentv1.ListCommentsRequest{PageSize: 3, PageToken: token, Filter: filter})
			return namesOf(r.GetComments()), r.GetNextPageToken(), err
		})
		if len(got) != 7 || name == "all" && got[0] != fmt.Sprintf(whyOf, "r7") {
			t.Errorf("%s: %v", name, got)
		}
	}
	first, err := client.ListComments(t.Context(), &commentv1.ListCommentsRequest{PageSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	token := first.GetNextPageToken()
	for what, req := range map[string]*commentv1.ListCommentsRequest{
		"another filter": {PageToken: token, Filter: &commentv1.CommentFilter{Question: "why"}}, "words": {PageToken: token, Filter: &commentv1.CommentFilter{Query: "queue"}},
	} {
		_, err := client.ListComments(t.Context(), req)
		refused(t, what, err, codes.InvalidArgument, "PAGE_TOKEN_MISMATCH", "page_token")
	}
	_, err = f.comments("other").ListComments(t.Context(), &commentv1.ListCommentsRequest{PageSize: 3, PageToken: token})
	refused(t, "another organisation", err, codes.InvalidArgument, "PAGE_TOKEN_MISMATCH", "page_token")
	f.clock.Advance(2 * time.Hour)
	_, err = client.ListComments(t.Context(), &commentv1.ListCommentsRequest{PageSize: 3, PageToken: token})
	refused(t, "an old token", err, codes.InvalidArgument, "PAGE_TOKEN_EXPIRED", "page_token")
	_, err = client.ListComments(t.Context(), &commentv1.ListCommentsRequest{PageToken: "x" + token})
	refused(t, "a damaged token", err, codes.InvalidArgument, "PAGE_TOKEN_MALFORMED", "page_token")
}

// TestPagesOfLongCommentsFitIntoAMessage ends a page early, and the next one goes on there.
func TestPagesOfLongCommentsFitIntoAMessage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 5 {
		f.add(t, f.comment(fmt.Sprintf("r%d", i), strings.Repeat("queue ", 70_000), store.Positive))
	}
	for _, query := range []string{"", "queue"} {
		sizes := []int{}
		got := pages(t, func(token string) ([]string, string, error) {
			r, err := f.comments("admin").ListComments(t.Context(), &commentv1.ListCommentsRequest{PageToken: token, Filter: &commentv1.CommentFilter{Query: query}})
			sizes = append(sizes, len(r.GetComments()))
			return namesOf(r.GetComments()), r.GetNextPageToken(), err
		})
		if len(got) != 5 || len(sizes) < 3 {
			t.Errorf("%q: %d comments on pages of %v", query, len(got), sizes)
		}
	}
}

// TestUnits: who is restricted to a place sees what was written of it, and not that others wrote the same.
func TestUnits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.many(t, 6, store.Positive)
	mine, theirs := fmt.Sprintf(whyOf, "r1"), fmt.Sprintf(whyOf, "r2")
	client := f.comments("osh")
	for _, query := range []string{"", "queue"} {
		r, err := client.ListComments(t.Context(), &commentv1.ListCommentsRequest{Filter: &commentv1.CommentFilter{Query: query}})
		if err != nil || len(r.GetComments()) != 3 {
			t.Fatalf("%v, %v", r, err)
		}
		for _, c := range r.GetComments() {
			if c.GetContext().GetLocation() != "osh" || c.GetDuplicateCount() != 0 || !slices.Equal(c.GetWithheldFields(), []string{"duplicate_count"}) {
				t.Errorf("%v", c)
			}
		}
	}
	if r, err := client.ListComments(t.Context(), &commentv1.ListCommentsRequest{Filter: &commentv1.CommentFilter{Location: "naryn"}}); err != nil || len(r.GetComments()) != 0 {
		t.Errorf("%v, %v", r, err)
	}
	if r, err := f.comments("admin").GetComment(t.Context(), &commentv1.GetCommentRequest{Name: mine}); err != nil || r.GetComment().GetDuplicateCount() != 5 || len(r.GetComment().GetWithheldFields()) != 0 {
		t.Errorf("%v, %v", r, err)
	}
	if r, err := client.GetOriginalText(t.Context(), &commentv1.GetOriginalTextRequest{Name: mine}); err != nil || r.GetText() != "original of the queue was long" {
		t.Errorf("%v, %v", r, err)
	}
	_, err := client.GetComment(t.Context(), &commentv1.GetCommentRequest{Name: theirs})
	refused(t, "a comment of another unit", err, codes.NotFound, "COMMENT_NOT_FOUND", "")
	_, err = client.GetOriginalText(t.Context(), &commentv1.GetOriginalTextRequest{Name: theirs})
	refused(t, "an original of another unit", err, codes.NotFound, "COMMENT_NOT_FOUND", "")
	_, err = client.CorrectComment(t.Context(), &commentv1.CorrectCommentRequest{Name: theirs, Correction: &commentv1.Correction{Sentiment: commentv1.Sentiment_SENTIMENT_MIXED}})
	refused(t, "a correction in another unit", err, codes.NotFound, "COMMENT_NOT_FOUND", "")
	span := &commentv1.TextSpan{Start: 0, End: 5000}
	_, err = client.CorrectComment(t.Context(), &commentv1.CorrectCommentRequest{Name: theirs, Correction: &commentv1.Correction{
		AspectsCorrected: true, Aspects: []*commentv1.AspectMention{{Aspect: "aspects/price", Sentiment: commentv1.Sentiment_SENTIMENT_MIXED, Evidence: span}},
	}})
	refused(t, "evidence in another unit", err, codes.NotFound, "COMMENT_NOT_FOUND", "")
	_, err = client.ListDuplicateGroups(t.Context(), &commentv1.ListDuplicateGroupsRequest{})
	refused(t, "duplicates", err, codes.PermissionDenied, "UNITS_RESTRICTED", "")
	_, err = commentv1.NewTestimonialServiceClient(f.as("osh")).ListTestimonials(t.Context(), &commentv1.ListTestimonialsRequest{})
	refused(t, "testimonials", err, codes.PermissionDenied, "UNITS_RESTRICTED", "")
	_, err = commentv1.NewRegisterServiceClient(f.as("osh")).ListRegisterEntries(t.Context(), &commentv1.ListRegisterEntriesRequest{})
	refused(t, "registers", err, codes.PermissionDenied, "UNITS_RESTRICTED", "")
}

// TestOriginals: what was destroyed is told as such; keys that cannot be asked for are asked for again.
func TestOriginals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	gone, away, bare := f.comment("r1", "one", store.Positive), f.comment("r2", "two", store.Positive), f.comment("r3", "three", store.Positive)
	gone.Key, away.Key, bare.Sealed = "gone", "down", nil
	f.add(t, gone, away, bare)
	client := f.comments("admin")
	for response, want := range map[string]struct {
		code   codes.Code
		reason string
	}{
		"r1": {codes.FailedPrecondition, "ORIGINAL_DESTROYED"}, "r2": {codes.Unavailable, "VAULT_UNAVAILABLE"}, "r3": {codes.FailedPrecondition, "ORIGINAL_DESTROYED"},
		"r4": {codes.NotFound, "COMMENT_NOT_FOUND"},
	} {
		_, err := client.GetOriginalText(t.Context(), &commentv1.GetOriginalTextRequest{Name: fmt.Sprintf(whyOf, response)})
		refused(t, response, err, want.code, want.reason, "")
	}
	_, err := f.comments("other").GetOriginalText(t.Context(), &commentv1.GetOriginalTextRequest{Name: fmt.Sprintf(whyOf, "r1")})
	refused(t, "another organisation", err, codes.NotFound, "COMMENT_NOT_FOUND", "")
	_, err = f.comments("insight").GetOriginalText(t.Context(), &commentv1.GetOriginalTextRequest{Name: fmt.Sprintf(whyOf, "r1")})
	refused(t, "without permission", err, codes.PermissionDenied, "PERMISSION_DENIED", "")
}

// TestFiltersThatAreRefused names the field of each.
func TestFiltersThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	negative := commentv1.Sentiment_SENTIMENT_NEGATIVE
	for field, c := range map[string]struct {
		filter *commentv1.CommentFilter
		reason string
	}{
		"filter.survey":           {&commentv1.CommentFilter{Survey: "s"}, "VALIDATION_FAILED"},
		"filter.question":         {&commentv1.CommentFilter{Question: "Why?"}, "VALIDATION_FAILED"},
		"filter.location":         {&commentv1.CommentFilter{Location: strings.Repeat("x", 129)}, "VALIDATION_FAILED"},
		"filter.language":         {&commentv1.CommentFilter{Language: 99}, "VALIDATION_FAILED"},
		"filter.aspect":           {&commentv1.CommentFilter{Aspect: "price"}, "VALIDATION_FAILED"},
		"filter.aspect_sentiment": {&commentv1.CommentFilter{AspectSentiment: negative}, "FILTER_INVALID"},
		"filter.query":            {&commentv1.CommentFilter{Query: `"open`}, "QUERY_INVALID"},
	} {
		_, err := f.comments("admin").ListComments(t.Context(), &commentv1.ListCommentsRequest{Filter: c.filter})
		refused(t, field, err, codes.InvalidArgument, c.reason, field)
	}
	for field, filter := range map[string]*commentv1.CommentFilter{"filter.query": {Query: "x"}, "filter.aspect": {Aspect: "aspects/price"}} {
		_, err := f.comments("admin").ListDuplicateGroups(t.Context(), &commentv1.ListDuplicateGroupsRequest{Filter: filter})
		refused(t, field, err, codes.InvalidArgument, "FILTER_INVALID", field)
	}
}

// TestDuplicateGroups lists the largest groups first, by pages.
func TestDuplicateGroups(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, text := range []string{"aaaa", "aaaa", "aaaa", "bbbbb", "bbbbb", "cccccc"} {
		f.add(t, f.comment(fmt.Sprintf("r%d", i), text, store.Positive))
	}
	var counts []int64
	got := pages(t, func(token string) ([]string, string, error) {
		r, err := f.comments("admin").ListDuplicateGroups(t.Context(), &commentv1.ListDuplicateGroupsRequest{PageSize: 1, PageToken: token})
		var texts []string
		for _, g := range r.GetGroups() {
			texts, counts = append(texts, g.GetText()), append(counts, g.GetCount())
			if int64(len(g.GetComments())) != g.GetCount() || !g.GetFirstTime().AsTime().Before(g.GetLastTime().AsTime()) {
				t.Errorf("%v", g)
			}
		}
		return texts, r.GetNextPageToken(), err
	})
	if !slices.Equal(got, []string{"aaaa", "bbbbb"}) || !slices.Equal(counts, []int64{3, 2}) {
		t.Errorf("%v, %v", got, counts)
	}
}

// TestReanalyses begins, follows and cancels one.
func TestReanalyses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.many(t, 2, store.Positive)
	client := f.comments("admin")
	begun, err := client.ReanalyzeComments(t.Context(), &commentv1.ReanalyzeCommentsRequest{})
	if err != nil || begun.GetReanalysis().GetState() != commentv1.Reanalysis_STATE_RUNNING || begun.GetReanalysis().GetCommentsTotal() != 2 {
		t.Fatalf("%v, %v", begun, err)
	}
	name := begun.GetReanalysis().GetName()
	_, err = client.ReanalyzeComments(t.Context(), &commentv1.ReanalyzeCommentsRequest{})
	refused(t, "a second one", err, codes.FailedPrecondition, "REANALYSIS_RUNNING", "")
	for range 2 { // once cancelled it stays so
		ended, err := client.CancelReanalysis(t.Context(), &commentv1.CancelReanalysisRequest{Name: name})
		if err != nil || ended.GetReanalysis().GetState() != commentv1.Reanalysis_STATE_CANCELLED {
			t.Errorf("%v, %v", ended, err)
		}
	}
	f.clock.Advance(time.Second)
	if _, err := client.ReanalyzeComments(t.Context(), &commentv1.ReanalyzeCommentsRequest{}); err != nil {
		t.Fatal(err)
	}
	got := pages(t, func(token string) (names []string, next string, err error) {
		r, err := client.ListReanalyses(t.Context(), &commentv1.ListReanalysesRequest{PageSize: 1, PageToken: token})
		for _, x := range r.GetReanalyses() {
			names = append(names, x.GetName())
		}
		return names, r.GetNextPageToken(), err
	})
	if len(got) != 2 || got[1] != name {
		t.Errorf("%v", got)
	}
	_, err = f.comments("other").GetReanalysis(t.Context(), &commentv1.GetReanalysisRequest{Name: name})
	refused(t, "another organisation", err, codes.NotFound, "REANALYSIS_NOT_FOUND", "")
	_, err = f.comments("other").CancelReanalysis(t.Context(), &commentv1.CancelReanalysisRequest{Name: name})
	refused(t, "another organisation cancels", err, codes.NotFound, "REANALYSIS_NOT_FOUND", "")
}

// TestCommentDeadLetters lists them by pages and explains why a replay fails.
func TestCommentDeadLetters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.store.HoldFeed(t.Context(), "test", noon, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	b := store.Batch{To: 5}
	for i := range 3 {
		b.DeadLetters = append(b.DeadLetters, store.DeadLetter{Organization: "acme", Survey: "s", Response: fmt.Sprintf("r%d", i), Position: int64(i + 1), Reason: "why", Event: []byte{1}, CreateTime: noon})
	}
	b.DeadLetters = append(b.DeadLetters, store.DeadLetter{Organization: "acme", Position: 5, Reason: "no name", Event: []byte{1}, CreateTime: noon})
	if err := f.store.ApplyEvents(t.Context(), "test", b); err != nil {
		t.Fatal(err)
	}
	client := f.comments("admin")
	var resources []string
	names := pages(t, func(token string) (names []string, next string, err error) {
		r, err := client.ListCommentDeadLetters(t.Context(), &commentv1.ListCommentDeadLettersRequest{PageSize: 2, PageToken: token})
		for _, d := range r.GetDeadLetters() {
			names, resources = append(names, d.GetName()), append(resources, d.GetResource())
		}
		return names, r.GetNextPageToken(), err
	})
	if len(names) != 4 || resources[0] != "surveys/s/responses/r0" || resources[3] != "" {
		t.Errorf("%v, %v", names, resources)
	}
	replay := func(name string) error {
		_, err := client.ReplayCommentDeadLetter(t.Context(), &commentv1.ReplayCommentDeadLetterRequest{Name: name})
		return err
	}
	if err := replay(names[0]); err != nil {
		t.Error(err)
	}
	f.err = &ingest.Unfit{Reason: "it names no response"}
	refused(t, "what is unfit", replay(names[0]), codes.FailedPrecondition, "STILL_REFUSED", "")
	f.err = store.ErrNotFound
	refused(t, "what there is not", replay(names[0]), codes.NotFound, "DEAD_LETTER_NOT_FOUND", "")
	refused(t, "no number", replay("commentDeadLetters/0"), codes.NotFound, "DEAD_LETTER_NOT_FOUND", "")
	refused(t, "too great a number", replay("commentDeadLetters/9999999999999999999"), codes.NotFound, "DEAD_LETTER_NOT_FOUND", "")
	f.err = errors.New("secret of the inside")
	refused(t, "a fault", replay(names[0]), codes.Internal, "INTERNAL", "")
}

// TestFeed streams what comments say, from a position on, and refuses a reader that is ahead.
func TestFeed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.many(t, 3, store.Negative)
	feed := commentv1.NewEventFeedServiceClient(f.as("service"))
	stream, err := feed.StreamEvents(t.Context(), &commentv1.StreamEventsRequest{AfterPosition: 1})
	if err != nil {
		t.Fatal(err)
	}
	var seen []*commentv1.Event
	for len(seen) < 4 {
		r, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, r.GetEvents()...); len(seen) == 2 && len(r.GetEvents()) == 0 {
			// Nothing is left, as it says; now more comes.
			if r.GetHeadPosition() != seen[1].GetPosition() {
				t.Errorf("%v", r)
			}
			f.add(t, f.comment("r9", "bad", store.Negative), f.comment("r10", "bad", store.Negative))
		}
	}
	e := seen[0]
	if e.GetResponse() != "surveys/s/responses/r2" || e.GetSentiment() != commentv1.Sentiment_SENTIMENT_NEGATIVE || e.GetOrganization() != "acme" || e.GetModel() != "models/m" ||
		e.GetAspects()[0].GetAspect() != "aspects/wait" || e.GetAspects()[0].GetEvidence() != nil || e.GetRemoved() {
		t.Errorf("%v", e)
	}
	ahead, err := feed.StreamEvents(t.Context(), &commentv1.StreamEventsRequest{AfterPosition: 1000})
	if err == nil {
		_, err = ahead.Recv()
	}
	refused(t, "ahead", err, codes.OutOfRange, "POSITION_AHEAD", "")
	empty, err := feed.StreamEvents(t.Context(), &commentv1.StreamEventsRequest{Organization: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := empty.Recv(); err != nil || len(r.GetEvents()) != 0 {
		t.Errorf("%v, %v", r, err)
	}
}
