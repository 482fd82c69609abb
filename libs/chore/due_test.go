package chore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/chore"
)

// TestEachDue does all that is due though some of it fails each time, also where what fails would fill a batch.
func TestEachDue(t *testing.T) {
	t.Parallel()
	waiting := []string{"bad-1", "bad-2", "bad-3", "a", "b", "c", "d"}
	var tried []string
	err := chore.EachDue(t.Context(), 2, func(_ context.Context, limit int) ([]string, error) {
		return slices.Clone(waiting[:min(limit, len(waiting))]), nil
	}, func(one string) string { return one }, func(_ context.Context, one string) error {
		tried = append(tried, one)
		if strings.HasPrefix(one, "bad") {
			return errors.New(one + " failed")
		}
		waiting = slices.DeleteFunc(waiting, func(w string) bool { return w == one })
		return nil
	})
	if got := strings.Join(tried, " "); got != "bad-1 bad-2 bad-3 a b c d" {
		t.Errorf("tried %s", got)
	}
	for _, bad := range []string{"bad-1", "bad-2", "bad-3"} {
		if err == nil || !strings.Contains(err.Error(), bad+" failed") {
			t.Errorf("the error is %v", err)
		}
	}
	broken := errors.New("broken")
	if err := chore.EachDue(t.Context(), 2, func(context.Context, int) ([]string, error) { return nil, broken },
		func(one string) string { return one }, nil); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}
