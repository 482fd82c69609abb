package api

import (
	"errors"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Without an etag a change is made again while others are faster, with one it is refused at once; other errors pass.
func TestChangesAreRetried(t *testing.T) {
	t.Parallel()
	tries := 0
	faster := func(times int) func() (string, error) {
		tries = 0
		return func() (string, error) {
			if tries++; tries <= times {
				return "", store.ErrChanged
			}
			return "done", nil
		}
	}
	if out, err := retried(stated{field: "x.etag"}, faster(3)); err != nil || out != "done" || tries != 4 {
		t.Errorf("%q, %v after %d tries", out, err, tries)
	}
	_, err := retried(stated{field: "x.etag"}, faster(mostTries))
	refused(t, "never the fastest", err, codes.Aborted, "ETAG_MISMATCH", "x.etag")
	_, err = retried(stated{"e", "x.etag"}, faster(1))
	if refused(t, "with an etag", err, codes.Aborted, "ETAG_MISMATCH", "x.etag"); tries != 1 {
		t.Errorf("%d tries with an etag", tries)
	}
	failure := errors.New("no")
	if _, err := retried(stated{}, func() (int, error) { return 0, failure }); !errors.Is(err, failure) {
		t.Errorf("another error: %v", err)
	}
	refused(t, "another etag", stated{"e", "x.etag"}.is(""), codes.Aborted, "ETAG_MISMATCH", "x.etag")
}
