package faults

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/otklik/otklik/tests/harness"
)

// TestKilledUnderLoad ends the suite by SIGKILL at random moments of a load, a hundred times, starts it again and looks at what is there.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	kills := 100
	if testing.Short() {
		kills = 10
	}
	suite := open(t, harness.Options{})
	l, s := newLedger(), newStored()
	// Seeded, so that a failure can be looked at again; where a kill hits is up to the machine anyway.
	random := rand.New(rand.NewPCG(uint64(kills), 0))
	for round := range kills {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&load{suite: suite, ledger: l, round: round}).run(ctx)
		}()
		// A random moment, not a wait for something.
		<-time.After(20*time.Millisecond + time.Duration(random.Int64N(int64(280*time.Millisecond))))
		suite.KillPart(harness.All)
		stop()
		<-done
		if err := suite.Restart(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		verify(t, suite, s, l)
	}
	rebuild(t, suite, s)
	acked, denied, doubt := l.counts()
	t.Logf("%d kills: %d acknowledged, %d refused, %d in doubt; %d responses and %d refusals stored",
		kills, acked, denied, doubt, len(s.responses), len(s.refusals))
	if acked < 10*kills || denied != 0 {
		t.Errorf("%d acknowledged and %d refused: the load was no load", acked, denied)
	}
	if err := suite.Stop(patience); err != nil {
		t.Error(err)
	}
}
