package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/tests/harness"
)

const survey = "surveys/load"

// clients is how many submit at the same time, half over gRPC and half over REST.
const clients = 12

// load submits responses and refusals without pause until it is told to stop or its server does not answer any more.
type load struct {
	suite  *harness.Suite
	ledger *ledger
	// round makes identifiers and content differ from those of other rounds.
	round int
	// comment pads the responses.
	comment string
	// onRefusal is called with the errors of refused calls; nil means that none is expected.
	onRefusal func(error)
}

// run runs the clients until ctx ends or each has lost its server.
func (l *load) run(ctx context.Context) {
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			c := client{load: l, id: i, random: rand.New(rand.NewPCG(uint64(l.round), uint64(i)))}
			c.run(ctx)
		})
	}
	group.Wait()
}

// client is one client of a load. It repeats what it is unsure of, as phones do.
type client struct {
	*load
	id     int
	next   int
	random *rand.Rand
}

func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		if c.random.IntN(4) == 0 {
			if name, e, ok := c.ledger.takeDoubtful(); ok {
				if c.send(ctx, name, e) == unknown {
					return
				}
				continue
			}
		}
		if !c.visit(ctx) {
			return
		}
	}
}

// visit plays one respondent. It returns false when the server is lost.
func (c *client) visit(ctx context.Context) bool {
	c.next++
	for _, sent := range compose(c.random, fmt.Sprintf("%d-%d-%d", c.round, c.id, c.next), c.comment) {
		c.ledger.send(sent.name, sent.entry)
		// After a refusal of unknown fate the invitation is left: otherwise its repetition would come after later outcomes.
		if c.send(ctx, sent.name, sent.entry) == unknown {
			return false
		}
	}
	return true
}

// send sends an entry and notes its fate.
func (c *client) send(ctx context.Context, name string, e *entry) fate {
	err := c.call(ctx, name, e)
	f := acknowledged
	if err != nil {
		f = unknown
		st, ok := status.FromError(err)
		// Only an answer that the server gave on purpose says that nothing is stored. A stopping or broken server leaves doubt.
		if ok && st.Code() == codes.Unavailable && len(st.Details()) > 0 && c.onRefusal != nil {
			f = refused
			c.onRefusal(err)
		}
	}
	c.ledger.settle(name, f)
	return f
}

func (c *client) call(ctx context.Context, name string, e *entry) error {
	key := harness.KeyFor(harness.Organization, harness.App)
	if c.id%2 == 0 {
		return overGRPC(ctx, c.suite.Conn(key), name, e)
	}
	return overREST(ctx, c.suite.REST(key), name, e)
}
