package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/services/survey/internal/store"
)

func accept(t *testing.T, open Open) {
	s := opened(t, open)
	traced := submission("b")
	traced.Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := take(t, s, acme, "visit", submission("a"), traced)
	if got[0].Position <= 0 || got[1].Position <= got[0].Position {
		t.Fatalf("positions %d, %d", got[0].Position, got[1].Position)
	}
	equal(t, "accepted", got[1], store.Submission{
		Position: got[1].Position, Organization: acme, Survey: "visit", Kind: store.KindResponse, ID: "b", Revision: 1, CountTime: noon, Trace: traced.Trace,
		Body: []byte("body of b"),
	})
	read, err := s.GetSubmission(t.Context(), acme, "visit", store.KindResponse, "b")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "read", read, got[1])
	list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 9}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "list", list, got)
	_, err = s.GetSubmission(t.Context(), acme, "visit", store.KindResponse, "c")
	want(t, "get missing", err, store.ErrNotFound)
	none, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, nil)
	if err != nil || len(none) != 0 {
		t.Fatalf("accept nothing: %v, %v", none, err)
	}
}

func acceptReplay(t *testing.T, open Open) {
	s := opened(t, open)
	first := take(t, s, acme, "visit", submission("a"))[0]
	// The store goes by the fingerprint: what the server adds to a body may differ from call to call.
	retry := submission("a")
	retry.Body, retry.CountTime, retry.Revision = []byte("later"), noon.Add(time.Hour), 2
	other := submission("a")
	other.Fingerprint = []byte("other")
	outcomes, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{retry, other})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "retry", outcomes[0], store.Outcome{Submission: first, Replayed: true})
	want(t, "other content", outcomes[1].Err, store.ErrIDReused)

	recalled, err := s.Recall(t.Context(), acme, "visit", store.KindResponse, "a", retry.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "recalled", recalled, first)
	_, err = s.Recall(t.Context(), acme, "visit", store.KindResponse, "a", other.Fingerprint)
	want(t, "recall other content", err, store.ErrIDReused)
	_, err = s.Recall(t.Context(), acme, "visit", store.KindResponse, "a", nil)
	want(t, "recall without a fingerprint", err, store.ErrIDReused)
	_, err = s.Recall(t.Context(), acme, "visit", store.KindResponse, "b", retry.Fingerprint)
	want(t, "recall unknown", err, store.ErrNotFound)

	list, _ := changesOf(t, s, store.ChangeQuery{})
	equal(t, "number of changes", len(list), 1)
}

func acceptWithinOneCall(t *testing.T, open Open) {
	s := opened(t, open)
	other := submission("a")
	other.Fingerprint = []byte("other")
	in := []store.NewSubmission{submission("a"), submission("b"), submission("a"), other, submission("c")}
	out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, in)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.Replayed != (i == 2) {
			t.Errorf("item %d: replayed %v", i, o.Replayed)
		}
	}
	equal(t, "replay", out[2].Submission, out[0].Submission)
	want(t, "other content", out[3].Err, store.ErrIDReused)
	changes, _ := changesOf(t, s, store.ChangeQuery{})
	list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 10}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "stored", ids(list), []string{"a", "b", "c"})
	equal(t, "number of changes", len(changes), 3)
}

func acceptConcurrently(t *testing.T, open Open) {
	s := opened(t, open)
	const writers, each = 8, 40
	var fresh, replayed, reused atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				in := submission(fmt.Sprintf("id-%d", i))
				if w%4 == 3 {
					in.Fingerprint = []byte("other")
				}
				out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{in})
				switch {
				case err != nil:
					t.Error(err)
				case out[0].Err != nil:
					reused.Add(1)
				case out[0].Replayed:
					replayed.Add(1)
				default:
					fresh.Add(1)
				}
			}
		})
	}
	wg.Wait()
	equal(t, "stored", fresh.Load(), int64(each))
	equal(t, "others", replayed.Load()+reused.Load(), int64((writers-1)*each))
	list, _ := changesOf(t, s, store.ChangeQuery{})
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.Submission.ID] = true
	}
	if len(list) != each || len(seen) != each {
		t.Fatalf("%d changes of %d submissions, want %d", len(list), len(seen), each)
	}
}

// acceptForMany has callers of several organisations, surveys and kinds use the same identifiers at once, singly and many to a call: each gets the
// outcomes of its own.
func acceptForMany(t *testing.T, open Open) {
	s := opened(t, open)
	const each = 30
	var wg sync.WaitGroup
	for caller := range 12 {
		org, survey, kind := fmt.Sprintf("org-%d", caller%3), fmt.Sprintf("survey-%d", caller/3%2), store.Kind(1+caller/6)
		wg.Go(func() {
			for i := 0; i < each; i += 1 + caller {
				var in []store.NewSubmission
				for j := i; j < min(i+1+caller, each); j++ {
					v := submission(fmt.Sprint(j))
					v.Body = fmt.Appendf(nil, "%d of caller %d", j, caller)
					in = append(in, v)
				}
				out, err := s.Accept(t.Context(), org, survey, kind, in)
				if err != nil || len(out) != len(in) {
					t.Errorf("caller %d: %d outcomes, %v", caller, len(out), err)
					return
				}
				for k, o := range out {
					v := o.Submission
					if o.Replayed || v.ID != in[k].ID || v.Organization != org || v.Survey != survey || v.Kind != kind || string(v.Body) != string(in[k].Body) {
						t.Errorf("caller %d, item %d: %+v", caller, k, o)
					}
				}
			}
		})
	}
	wg.Wait()
	list, _ := changesOf(t, s, store.ChangeQuery{})
	equal(t, "number of changes", len(list), 12*each)
}

func kindsAndSurveysApart(t *testing.T, open Open) {
	s := opened(t, open)
	take(t, s, acme, "visit", submission("a"))
	take(t, s, acme, "stay", submission("a"))
	out, err := s.Accept(t.Context(), acme, "visit", store.KindRefusal, []store.NewSubmission{submission("a")})
	if err != nil || out[0].Err != nil || out[0].Replayed {
		t.Fatalf("refusal: %+v, %v", out, err)
	}
	got, err := s.GetSubmission(t.Context(), acme, "visit", store.KindRefusal, "a")
	if err != nil || got.Kind != store.KindRefusal || got.Survey != "visit" {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, q := range []store.SubmissionQuery{
		{Organization: acme, Survey: "visit", Kind: store.KindResponse}, {Organization: acme, Survey: "stay", Kind: store.KindResponse},
		{Organization: acme, Survey: "visit", Kind: store.KindRefusal},
	} {
		q.Limit = 10
		list, err := s.ListSubmissions(t.Context(), q)
		if err != nil || len(list) != 1 || list[0].Survey != q.Survey || list[0].Kind != q.Kind {
			t.Fatalf("%+v: %+v, %v", q, list, err)
		}
	}
}

func organisationsApart(t *testing.T, open Open) {
	s := opened(t, open)
	create(t, s, draft(acme, "visit"))
	create(t, s, draft(globex, "visit"))
	mine := take(t, s, acme, "visit", submission("a"), submission("b"))
	theirs := take(t, s, globex, "visit", submission("a"))
	for org, wanted := range map[string][]store.Submission{acme: mine, globex: theirs, "nobody": nil} {
		list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: org, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 10}})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "list of "+org, list, wanted)
		surveys, err := s.ListSurveys(t.Context(), store.SurveyQuery{Organization: org, Page: store.Page{Limit: 10}})
		if err != nil || len(surveys) != min(len(wanted), 1) {
			t.Fatalf("surveys of %s: %v, %v", org, surveys, err)
		}
	}
	_, err := s.GetSubmission(t.Context(), globex, "visit", store.KindResponse, "b")
	want(t, "get another's", err, store.ErrNotFound)
	_, err = s.Recall(t.Context(), globex, "visit", store.KindResponse, "b", submission("b").Fingerprint)
	want(t, "recall another's", err, store.ErrNotFound)
}

func unicode(t *testing.T, open Open) {
	s := opened(t, open)
	odd := []string{"Ысык-Көл", "🙂", "e\u0301 é", "'; DROP TABLE x; --", "%_", strings.Repeat("ы", 500), "İi"}
	var in []store.NewSubmission
	for i, text := range odd {
		v := submission(text)
		v.Body = []byte(text)
		v.Fingerprint = []byte{byte(i), 0, 0xff}
		in = append(in, v)
	}
	take(t, s, "уюм", "сурамжылоо", in...)
	for _, text := range odd {
		got, err := s.GetSubmission(t.Context(), "уюм", "сурамжылоо", store.KindResponse, text)
		if err != nil || got.ID != text || string(got.Body) != text {
			t.Fatalf("%q: %+v, %v", text, got, err)
		}
	}
	list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: "уюм", Survey: "сурамжылоо", Kind: store.KindResponse, Page: store.Page{Limit: 100}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "list", ids(list), odd)
	// Names that differ in case only are different names.
	create(t, s, draft(acme, "visit"))
	_, err = s.GetSurvey(t.Context(), "ACME", "visit")
	want(t, "organisation in capitals", err, store.ErrNotFound)
}

func times(t *testing.T, open Open) {
	s := opened(t, open)
	for i, at := range []time.Time{
		time.Unix(0, 1).UTC(), time.Unix(0, -1).UTC(), noon.Add(123456789), time.Date(1700, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		v := submission(fmt.Sprint(i))
		v.CountTime = at
		take(t, s, acme, "visit", v)
		got, err := s.GetSubmission(t.Context(), acme, "visit", store.KindResponse, v.ID)
		if err != nil || !got.CountTime.Equal(at) {
			t.Fatalf("%v came back as %v, %v", at, got.CountTime, err)
		}
	}
	for i, at := range []time.Time{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
		v := submission(fmt.Sprint("far ", i))
		v.CountTime = at
		take(t, s, acme, "far", v)
	}
	list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: acme, Survey: "far", Kind: store.KindResponse, To: noon, Page: store.Page{Limit: 10}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "before noon", ids(list), []string{"far 0"})
}

func submissionPages(t *testing.T, open Open) {
	s := opened(t, open)
	var wanted []string
	for i := range 25 {
		id := fmt.Sprintf("id-%02d", (i*7)%25)
		take(t, s, acme, "visit", submission(id))
		take(t, s, acme, "stay", submission(id))
		wanted = append(wanted, id)
	}
	for _, size := range []int{1, 4, 25, 100} {
		var got []string
		q := store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: size}}
		for {
			page, err := s.ListSubmissions(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > size {
				t.Fatalf("%d items on a page of %d", len(page), size)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, ids(page)...)
			q.After = page[len(page)-1].Position
		}
		equal(t, fmt.Sprintf("pages of %d", size), got, wanted)
	}
}

// submissionPagesStable reads pages while others write: nothing is missed, nothing comes twice.
func submissionPagesStable(t *testing.T, open Open) {
	s := opened(t, open)
	const before = 60
	for i := range before {
		take(t, s, acme, "visit", submission(fmt.Sprintf("early-%d", i)))
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if _, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{submission(fmt.Sprintf("a-%d", i))}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var got []string
	q := store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, UpTo: head, Page: store.Page{Limit: 7}}
	for {
		page, err := s.ListSubmissions(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, ids(page)...)
		q.After = page[len(page)-1].Position
	}
	close(done)
	wg.Wait()
	unique := slices.Compact(slices.Sorted(slices.Values(got)))
	if len(got) != before || len(unique) != before {
		t.Fatalf("%d items, %d different, want %d", len(got), len(unique), before)
	}
}

func submissionPeriods(t *testing.T, open Open) {
	s := opened(t, open)
	for i, offset := range []time.Duration{0, 2 * time.Hour, -time.Hour, time.Hour, time.Hour - 1} {
		v := submission(fmt.Sprint(i))
		v.CountTime = noon.Add(offset)
		take(t, s, acme, "visit", v)
	}
	for _, c := range []struct {
		from, to time.Time
		want     []string
	}{
		{noon, noon.Add(time.Hour), []string{"0", "4"}},
		{noon.Add(1), time.Time{}, []string{"1", "3", "4"}},
		{time.Time{}, noon, []string{"2"}},
		{time.Time{}, time.Time{}, []string{"0", "1", "2", "3", "4"}},
		{noon, noon, []string{}},
	} {
		list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{
			Organization: acme, Survey: "visit", Kind: store.KindResponse, From: c.from, To: c.to, Page: store.Page{Limit: 10},
		})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("from %v to %v", c.from, c.to), ids(list), c.want)
	}
}

func pageBytes(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 6 {
		v := submission(fmt.Sprint(i))
		v.Body = make([]byte, 1000)
		take(t, s, acme, "visit", v)
	}
	q := store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 10, Bytes: 2500}}
	list, err := s.ListSubmissions(t.Context(), q)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d items, %v", len(list), err)
	}
	q.Bytes = 1
	if list, err = s.ListSubmissions(t.Context(), q); err != nil || len(list) != 1 {
		t.Fatalf("%d items, %v", len(list), err)
	}
	b, err := s.ReadChanges(t.Context(), store.ChangeQuery{Page: store.Page{Limit: 10, Bytes: 2500}})
	if err != nil || len(b.Changes) != 3 || !b.More {
		t.Fatalf("%d changes, more %v, %v", len(b.Changes), b.More, err)
	}
}
