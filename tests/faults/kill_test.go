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
	torture(t, harness.AllInOne, kills)
}

// TestServicesKilledUnderLoad ends one of the separate processes at a time.
func TestServicesKilledUnderLoad(t *testing.T) {
	t.Parallel()
	torture(t, harness.Apart, 15)
}

func torture(t *testing.T, layout harness.Layout, kills int) {
	t.Helper()
	suite := open(t, harness.Options{Layout: layout})
	l, s := newLedger(), newStored()
	// Seeded, so that a failure can be looked at again; where a kill hits is up to the machine anyway.
	random := rand.New(rand.NewPCG(uint64(kills), uint64(layout)))
	for round := range kills {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&load{suite: suite, ledger: l, round: round}).run(ctx)
		}()
		// A random moment, not a wait for something.
		<-time.After(20*time.Millisecond + time.Duration(random.Int64N(int64(280*time.Millisecond))))
		parts := suite.Parts()
		suite.KillPart(parts[random.IntN(len(parts))])
		// Clients whose server is still there end with calls under way, of whose fate they know nothing.
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
