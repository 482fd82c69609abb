package postgres

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// TestBadNeighbour: a submission that the server refuses for what it holds harms none of those that are stored together with it.
func TestBadNeighbour(t *testing.T) {
	s := opened(t, migrated(t, newest))
	long := make([]byte, 5000) // more than a page of an index can hold, and not to be compressed
	if _, err := rand.Read(long); err != nil {
		t.Fatal(err)
	}
	bad := []string{"nul\x00", "no text \xff\xfe", fmt.Sprintf("%x", long)}
	const good = 90
	// One call for each, made into one group by hand: whether calls meet in one is a matter of time.
	var calls []*call[acceptance]
	for i := range good + len(bad) {
		id := fmt.Sprint(i)
		if i%31 == 0 && i/31 < len(bad) {
			id = bad[i/31]
		}
		in := []store.NewSubmission{submission(id), submission("second of " + id)}
		calls = append(calls, &call[acceptance]{value: acceptance{organization: "acme", survey: "visit", kind: store.KindResponse, in: in}})
	}
	s.acceptGroup(calls)
	for i, c := range calls {
		id := c.value.in[0].ID
		if wrong := i%31 == 0 && i/31 < len(bad); wrong != (c.err != nil) {
			t.Errorf("%.20q: %v", id, c.err)
		}
		for _, o := range c.value.outcomes {
			if c.err == nil && (o.Replayed || o.Err != nil || o.Submission.Position == 0) {
				t.Errorf("%s: %+v", id, o)
			}
		}
	}
	if n := len(listed(t, s)); n != 2*good {
		t.Errorf("%d submissions are stored, want %d", n, 2*good)
	}
	// Nothing of a refused call is stored.
	if _, err := s.GetSubmission(t.Context(), "acme", "visit", store.KindResponse, "second of "+bad[2]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("neighbour within the refused call: %v", err)
	}
}

// TestGroupsMeetReplays: a group holds new submissions, retries of earlier ones, retries within the group and identifiers used for something else.
func TestGroupsMeetReplays(t *testing.T) {
	s := opened(t, migrated(t, newest))
	if _, err := accept(t.Context(), s, submission("old")); err != nil {
		t.Fatal(err)
	}
	other := func(id string) store.NewSubmission {
		v := submission(id)
		v.Fingerprint, v.Body = []byte("other"), []byte("other")
		return v
	}
	var calls []*call[acceptance]
	for _, in := range [][]store.NewSubmission{
		{submission("a"), submission("old")}, {submission("b")}, {other("a")}, {submission("a"), other("old"), submission("c")}, {submission("old")},
	} {
		calls = append(calls, &call[acceptance]{value: acceptance{organization: "acme", survey: "visit", kind: store.KindResponse, in: in}})
	}
	s.acceptGroup(calls)
	var got []string
	for _, c := range calls {
		if c.err != nil {
			t.Fatal(c.err)
		}
		for i, o := range c.value.outcomes {
			switch {
			case o.Err != nil:
				got = append(got, c.value.in[i].ID+" reused")
			case o.Replayed:
				got = append(got, string(o.Submission.Body)+" replayed")
			default:
				got = append(got, string(o.Submission.Body))
			}
		}
	}
	want := []string{"body of a", "body of old replayed", "body of b", "a reused", "body of a replayed", "old reused", "body of c", "body of old replayed"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if head, err := s.Head(t.Context()); err != nil || head != listed(t, s)[3].Position {
		t.Errorf("head %d, %v", head, err)
	}
}

// TestOneStatementPerGroup: however many call at once, few transactions are made, and the whole of a call goes into one.
func TestOneStatementPerGroup(t *testing.T) {
	s := opened(t, migrated(t, newest))
	const callers, each = 100, 5
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				if _, err := accept(t.Context(), s, submission(fmt.Sprintf("%d-%d", c, i)), submission(fmt.Sprintf("%d-%d-b", c, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var rows, transactions, split int
	const query = `SELECT sum(n), count(*), (SELECT count(*) FROM (SELECT FROM submissions GROUP BY rtrim(id, '-b') HAVING count(DISTINCT xmin::text) > 1) x)
		FROM (SELECT count(*) AS n FROM submissions GROUP BY xmin::text) t`
	if err := s.db.Pool.QueryRow(t.Context(), query).Scan(&rows, &transactions, &split); err != nil {
		t.Fatal(err)
	}
	if rows != 2*callers*each || transactions > rows/10 || split != 0 {
		t.Errorf("%d rows in %d transactions, %d calls over several", rows, transactions, split)
	}
}
