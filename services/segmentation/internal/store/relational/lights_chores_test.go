package relational

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/relational"
)

// What fails for an organisation stops no other one: here the policy that the first is counted by cannot be read.
func TestLightsOfOthersAreCounted(t *testing.T) {
	t.Parallel()
	s := begin(t)
	do(t, s, func(ctx context.Context, w *writing) error {
		_, err := w.Exec(ctx, sqlAddLightPolicy, "acme", 1, "no policy")
		return errors.Join(err, w.putCounting(ctx, counting{organization: "acme", generation: 1, version: 1, state: building}),
			w.putCounting(ctx, counting{organization: "other", generation: 1, state: building}))
	})
	if _, err := s.CountLights(t.Context(), noon); err == nil || !strings.Contains(err.Error(), "of acme") || strings.Contains(err.Error(), "of other") {
		t.Errorf("counted with %v", err)
	}
	all, err := relational.List(t.Context(), s.db, scanCounting, sqlCountings, "other")
	if err != nil || len(all) != 1 || all[0].state != judging {
		t.Errorf("the other one: %+v, %v", all, err)
	}
}
