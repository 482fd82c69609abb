package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
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

// visit plays one respondent: perhaps some refusals of an invitation, and mostly an answer. It returns false when the server is lost.
func (c *client) visit(ctx context.Context) bool {
	c.next++
	location := []string{"", "osh", "naryn"}[c.random.IntN(3)]
	var invitation string
	if c.random.IntN(3) == 0 {
		invitation = fmt.Sprintf("i-%d-%d-%d", c.round, c.id, c.next)
		for i := range c.random.IntN(3) {
			name := fmt.Sprintf("%s/refusals/n-%d-%d-%d-%d", survey, c.round, c.id, c.next, i)
			e := &entry{refusal: &surveyv1.Refusal{
				Kind: surveyv1.Refusal_Kind(1 + c.random.IntN(3)), Invitation: invitation, Context: &typev1.Context{Location: location},
			}}
			c.ledger.send(name, e)
			// After a refusal of unknown fate the invitation is left: otherwise its repetition would come after later outcomes.
			if c.send(ctx, name, e) == unknown {
				return false
			}
		}
		if c.random.IntN(2) == 0 {
			return true
		}
	}
	name := fmt.Sprintf("%s/responses/r-%d-%d-%d", survey, c.round, c.id, c.next)
	e := &entry{response: &surveyv1.Response{
		Invitation: invitation,
		Context:    &typev1.Context{Location: location},
		Answers:    []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: float64(c.random.IntN(11))}, Comment: c.comment}},
	}}
	c.ledger.send(name, e)
	return c.send(ctx, name, e) != unknown
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
	parent, id := split(name)
	method := "SubmitResponse"
	var request, response proto.Message
	if e.response != nil {
		request = &surveyv1.SubmitResponseRequest{Parent: parent, ResponseId: id, Response: e.response}
		response = &surveyv1.SubmitResponseResponse{}
	} else {
		method = "RecordRefusal"
		request = &surveyv1.RecordRefusalRequest{Parent: parent, RefusalId: id, Refusal: e.refusal}
		response = &surveyv1.RecordRefusalResponse{}
	}
	if c.id%2 == 0 {
		return c.suite.Conn(key).Invoke(ctx, "/otklik.survey.v1.SurveyService/"+method, request, response)
	}
	descriptor := surveyv1.File_otklik_survey_v1_survey_service_proto.Services().ByName("SurveyService").Methods().ByName(protoreflect.Name(method))
	_, err := c.suite.REST(key).Invoke(ctx, descriptor, request, response)
	return err
}

// split takes `surveys/s/responses/r` apart into `surveys/s` and `r`.
func split(name string) (parent, id string) {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return survey, name[i+1:]
		}
	}
	return survey, name
}
