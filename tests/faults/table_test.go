package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// envRun chooses the run: "long" has every fault at full length, anything else the bounded one.
const envRun = "OTKLIK_FAULTS"

func long() bool { return os.Getenv(envRun) == "long" }

// replicas is how many processes each part has in these tests.
const replicas = 2

// fault is something that goes wrong while the suite works.
type fault struct {
	name string
	// strike makes it happen, heal ends it.
	strike, heal func(ctx context.Context) error
	// lasts is the time between the two; with until it is as long as that takes, too.
	lasts time.Duration
	until func(ctx context.Context) error
	// longOnly leaves it to the long run.
	longOnly bool
}

// outcome is a row of the table.
type outcome struct {
	fault          string
	lasted         time.Duration
	held           float64
	errors         int
	kinds          string
	recovery       time.Duration
	lost, doubled  int
	scoresAreEqual bool
}

// trial is a suite under constant load, to which faults happen.
type trial struct {
	t       *testing.T
	suite   *harness.Suite
	ledger  *ledger
	stored  *stored
	traffic *traffic
	probes  int
	table   []outcome
}

// begin starts the load on a suite. It ends with the test.
func begin(t *testing.T, suite *harness.Suite, rate int) *trial {
	t.Helper()
	x := &trial{t: t, suite: suite, ledger: newLedger(), stored: newStored()}
	x.traffic = openTraffic(t, suite, x.ledger, rate)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.traffic.run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return x
}

// run makes each fault happen in turn, and after each checks what the suite promises.
func (x *trial) run(faults []fault) {
	x.t.Cleanup(x.print)
	if err := x.recovered(x.t.Context()); err != nil {
		x.t.Fatalf("before any fault: %v", err)
	}
	for _, f := range faults {
		if f.longOnly && !long() {
			continue
		}
		if ok := x.t.Run(f.name, func(t *testing.T) { x.happen(t, f) }); !ok {
			return
		}
	}
	x.t.Run("the end", x.end)
}

const (
	// recoveryPatience bounds the wait until the suite is well again.
	recoveryPatience = time.Minute
	// readPatience is how long reading everything may take.
	readPatience = 30 * time.Second
)

// happen makes a fault happen and writes its row.
func (x *trial) happen(t *testing.T, f fault) {
	ctx := t.Context()
	x.traffic.takeFailures()
	visits, began := x.traffic.visits.Load(), time.Now()
	row := outcome{fault: f.name}
	bounded, cancel := context.WithTimeout(ctx, recoveryPatience)
	defer cancel()
	if err := f.strike(bounded); err != nil {
		t.Fatalf("strike: %v", err)
	}
	// The length of the fault, not a wait for something.
	<-time.After(f.lasts)
	if f.until != nil {
		testkit.Eventually(t, recoveryPatience, func() error { return f.until(ctx) })
	}
	if err := f.heal(ctx); err != nil {
		t.Fatalf("heal: %v", err)
	}
	healed := time.Now()
	row.lasted = healed.Sub(began)
	failure := x.recovered(ctx)
	row.recovery = time.Since(healed)
	row.held = float64(x.traffic.visits.Load()-visits) / time.Since(began).Seconds() / float64(x.traffic.rate)
	var wrong []error
	row.errors, row.kinds, wrong = x.traffic.takeFailures()
	if failure == nil {
		failure = x.check(ctx, &row)
	}
	x.table = append(x.table, row)
	if failure != nil {
		t.Fatal(failure)
	}
	if len(wrong) > 0 {
		t.Errorf("%d errors that no fault excuses, the first: %v", len(wrong), wrong[0])
	}
}

// admin are the credentials of calls that look at the suite.
func admin() string { return harness.KeyFor(harness.Organization, harness.Admin) }

// recovered returns nil once answers submitted through every gateway are acknowledged and every scoring process counts them.
func (x *trial) recovered(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryPatience)
	defer cancel()
	var gateways []door
	for number := range x.suite.ReplicasOf(harness.Gateway) {
		gateways = append(gateways, x.gateway(number))
	}
	location, n, err := x.probe(ctx, gateways...)
	if err != nil {
		return err
	}
	for number, client := range x.scorings() {
		err := persist(ctx, callPatience, func(ctx context.Context) error { return counts(ctx, client, location, n) })
		if err != nil {
			return fmt.Errorf("scoring-%d: %w", number, err)
		}
	}
	return nil
}

// gateway is the way in through one gateway.
func (x *trial) gateway(number int) door {
	client := x.suite.RESTTo(number, harness.KeyFor(harness.Organization, harness.App))
	return func(ctx context.Context, name string, e *entry) error { return overREST(ctx, client, name, e) }
}

// probe submits answers of a location of their own through each door, so many that each partition of the log has some, and returns the
// location and how many there are.
func (x *trial) probe(ctx context.Context, doors ...door) (location string, n int64, err error) {
	const each = 100
	x.probes++
	location = fmt.Sprintf("probe-%d", x.probes)
	var group sync.WaitGroup
	errs := make([]error, each*len(doors))
	for i := range errs {
		name := fmt.Sprintf("%s/responses/p-%d-%d", survey, x.probes, i)
		e := &entry{response: &surveyv1.Response{
			Context: &typev1.Context{Location: location},
			Answers: []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: 9}}},
		}}
		x.ledger.send(name, e)
		group.Go(func() {
			errs[i] = persist(ctx, callPatience, func(ctx context.Context) error { return doors[i%len(doors)](ctx, name, e) })
			if errs[i] == nil {
				x.ledger.settle(name, acknowledged)
			}
		})
	}
	group.Wait()
	return location, int64(len(errs)), errors.Join(errs...)
}

// scorings are clients of every scoring process.
func (x *trial) scorings() []scoringv1.ScoringServiceClient {
	all := make([]scoringv1.ScoringServiceClient, len(x.suite.ReplicasOf(harness.Scoring)))
	for i := range all {
		all[i] = scoringv1.NewScoringServiceClient(x.suite.ConnTo(i, admin()))
	}
	return all
}

// counts tells how many answers of a location a scoring process lacks.
func counts(ctx context.Context, client scoringv1.ScoringServiceClient, location string, want int64) error {
	query := npsQuery()
	query.Filter = fmt.Sprintf("location = %q", location)
	response, err := client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
	if err != nil {
		return fmt.Errorf("query scores: %w", err)
	}
	if got := response.GetScores()[0].GetN(); got != want {
		return fmt.Errorf("%d of the %d answers of %s are counted", got, want, location)
	}
	return nil
}

// persist repeats a call, each time with patience, until it succeeds or ctx ends.
func persist(ctx context.Context, patience time.Duration, call func(ctx context.Context) error) error {
	for {
		once, cancel := context.WithTimeout(ctx, patience)
		err := call(once)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// check holds the load, compares what was acknowledged with what is stored and that with the scores of every scoring process, and lets the
// load go on.
func (x *trial) check(ctx context.Context, row *outcome) error {
	x.traffic.gate.Lock()
	defer x.traffic.gate.Unlock()
	return x.compare(ctx, row)
}

// compare is check while nothing is under way.
func (x *trial) compare(ctx context.Context, row *outcome) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryPatience)
	defer cancel()
	if err := persist(ctx, readPatience, func(ctx context.Context) error { return x.stored.read(ctx, surveys(x.suite)) }); err != nil {
		return err
	}
	row.lost, row.doubled = x.ledger.losses(x.stored), len(x.stored.twice)
	if err := x.ledger.audit(x.stored); err != nil {
		return err
	}
	for number, client := range x.scorings() {
		if err := persist(ctx, readPatience, func(ctx context.Context) error { return x.stored.compare(ctx, client) }); err != nil {
			return fmt.Errorf("scoring-%d: %w", number, err)
		}
	}
	row.scoresAreEqual = true
	return nil
}

// end reads everything anew from every survey process, and computes the scores anew.
func (x *trial) end(t *testing.T) {
	x.traffic.gate.Lock()
	defer x.traffic.gate.Unlock()
	if err := x.compare(t.Context(), &outcome{}); err != nil {
		t.Fatal(err)
	}
	for number := range x.suite.ReplicasOf(harness.Survey) {
		s := newStored()
		if err := s.read(t.Context(), surveyv1.NewSurveyServiceClient(x.suite.ConnTo(number, admin()))); err != nil {
			t.Fatal(err)
		}
		if err := x.ledger.audit(s); err != nil {
			t.Errorf("survey-%d: %v", number, err)
		}
		for name, r := range s.responses {
			if !proto.Equal(r, x.stored.responses[name]) {
				t.Errorf("survey-%d holds %v, before it was %v", number, r, x.stored.responses[name])
			}
		}
	}
	rebuild(t, x.suite, x.stored)
	acked, _, _ := x.ledger.counts()
	t.Logf("%d answers and refusals were acknowledged; %d and %d are stored", acked, len(x.stored.responses), len(x.stored.refusals))
}

// print writes the table.
func (x *trial) print() {
	var out strings.Builder
	fmt.Fprintf(&out, "%s, %d replicas of each part, %d respondents a second\n\n", x.suite.Layout(), replicas, x.traffic.rate)
	out.WriteString("| fault | lasted | load held | errors seen by clients | time to recover | lost | doubled | scores equal a recount |\n")
	out.WriteString("|---|---:|---:|---:|---:|---:|---:|---|\n")
	for _, row := range x.table {
		failed, equal := fmt.Sprint(row.errors), "yes"
		if row.kinds != "" {
			failed += " (" + row.kinds + ")"
		}
		if !row.scoresAreEqual {
			equal = "**no**"
		}
		fmt.Fprintf(&out, "| %s | %.1f s | %.0f %% | %s | %.1f s | %d | %d | %s |\n", row.fault, row.lasted.Seconds(), 100*row.held, failed,
			row.recovery.Seconds(), row.lost, row.doubled, equal)
	}
	x.t.Log("\n" + out.String())
}
