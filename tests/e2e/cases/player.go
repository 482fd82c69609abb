package cases

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/tests/harness"
)

// Transport is the way in which a case is played.
type Transport string

// The transports.
const (
	GRPC Transport = "grpc"
	REST Transport = "rest"
)

// Transports are both.
func Transports() []Transport { return []Transport{GRPC, REST} }

// Player plays cases against a suite.
type Player struct {
	Suite *harness.Suite
	// Organization is that of the callers `admin` and `app`, Other that of `other`.
	Organization, Other string
	Transport           Transport
	// Patience bounds the repetition of a step that is marked so.
	Patience time.Duration

	variables map[string]string
}

// Play plays a case: what is given over gRPC, then its steps. The error names the step that did not answer as wanted.
func (p *Player) Play(ctx context.Context, c Case) error {
	p.variables = make(map[string]string)
	for i, step := range c.Given {
		if err := p.step(ctx, GRPC, step); err != nil {
			return fmt.Errorf("given step %d (%s): %w", i, step.Call, err)
		}
	}
	for i, step := range c.Steps {
		if err := p.step(ctx, p.Transport, step); err != nil {
			return fmt.Errorf("step %d (%s): %w", i, step.Call, err)
		}
	}
	return nil
}

// Prepare plays files of given steps alone, over gRPC.
func (p *Player) Prepare(ctx context.Context, paths ...string) error {
	p.variables = make(map[string]string)
	for _, path := range paths {
		var g given
		if err := decode(path, &g); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		for i, step := range g.Steps {
			if err := p.step(ctx, GRPC, step); err != nil {
				return fmt.Errorf("%s, step %d (%s): %w", path, i, step.Call, err)
			}
		}
	}
	return nil
}

func (p *Player) step(ctx context.Context, over Transport, step Step) error {
	want, err := harness.ParseCode(step.Want.Code)
	if err != nil {
		return err
	}
	var before string
	if want != codes.OK {
		if before, err = p.contents(ctx); err != nil {
			return fmt.Errorf("read contents before: %w", err)
		}
	}
	deadline := time.Now().Add(p.Patience)
	for {
		err = p.try(ctx, over, step, want)
		if err == nil || !step.Repeat || time.Now().After(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err != nil || want == codes.OK {
		return err
	}
	after, err := p.contents(ctx)
	if err != nil {
		return fmt.Errorf("read contents after: %w", err)
	}
	if before != after {
		return fmt.Errorf("a call that failed has changed what is stored:\nbefore %s\nafter  %s", before, after)
	}
	return nil
}

// outcome is what came back: messages (one for a unary call) or an error.
type outcome struct {
	messages []proto.Message
	err      error
	http     int // 0 over gRPC
	header   http.Header
}

func (p *Player) try(ctx context.Context, over Transport, step Step, want codes.Code) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	got, err := p.call(ctx, over, step)
	if err != nil {
		return err
	}
	if err := p.checkError(over, step.Want, want, got); err != nil {
		return err
	}
	if want != codes.OK {
		return nil
	}
	return p.checkAnswer(step, got.messages)
}

func (p *Player) call(ctx context.Context, over Transport, step Step) (outcome, error) {
	key := p.key(step.As)
	if step.HTTP != nil {
		return p.raw(ctx, step, key)
	}
	method, err := Method(step.Call)
	if err != nil {
		return outcome{}, err
	}
	request, err := p.request(step, method)
	if err != nil {
		return outcome{}, err
	}
	if over == REST {
		return p.rest(ctx, method, request, key)
	}
	if step.Bytes != "" {
		wire, err := base64.StdEncoding.DecodeString(step.Bytes)
		if err != nil {
			return outcome{}, fmt.Errorf("read bytes: %w", err)
		}
		err = p.Suite.Conn(key).Invoke(ctx, Path(method), wire, new([]byte), grpc.ForceCodec(rawCodec{}))
		return outcome{err: err}, nil
	}
	return p.grpc(ctx, method, request, key)
}

func (p *Player) request(step Step, method protoreflect.MethodDescriptor) (proto.Message, error) {
	request, err := New(method.Input())
	if err != nil {
		return nil, err
	}
	values, err := document(step.Request, p.variables)
	if err != nil || values == nil {
		return request, err
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	if err := protojson.Unmarshal(raw, request); err != nil {
		return nil, fmt.Errorf("the case's request does not fit %s: %w", method.Input().Name(), err)
	}
	return request, nil
}

func (p *Player) grpc(ctx context.Context, method protoreflect.MethodDescriptor, request proto.Message, key string) (outcome, error) {
	conn := p.Suite.Conn(key)
	if !method.IsStreamingServer() {
		response, err := New(method.Output())
		if err != nil {
			return outcome{}, err
		}
		err = conn.Invoke(ctx, Path(method), request, response)
		return outcome{messages: []proto.Message{response}, err: err}, nil
	}
	var got outcome
	got.messages, got.err = collect(ctx, conn, method, request)
	return got, nil
}

// collect makes a server-streaming call and reads it to its end.
func collect(ctx context.Context, conn grpc.ClientConnInterface, method protoreflect.MethodDescriptor, request proto.Message) ([]proto.Message, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, Path(method))
	if err != nil {
		return nil, err
	}
	// A server that refuses the call may have ended it already; why is told by RecvMsg.
	if err := errors.Join(stream.SendMsg(request), stream.CloseSend()); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var got []proto.Message
	for {
		response, err := New(method.Output())
		if err != nil {
			return nil, err
		}
		switch err := stream.RecvMsg(response); {
		case errors.Is(err, io.EOF):
			return got, nil
		case err != nil:
			return got, err
		}
		got = append(got, response)
	}
}

func (p *Player) rest(ctx context.Context, method protoreflect.MethodDescriptor, request proto.Message, key string) (outcome, error) {
	client := p.Suite.REST(key)
	var got outcome
	var answer *harness.Answer
	var err error
	if method.IsStreamingServer() {
		answer, err = client.Collect(ctx, method, request, func(raw []byte) error {
			response, err := New(method.Output())
			if err != nil {
				return err
			}
			got.messages = append(got.messages, response)
			return protojson.Unmarshal(raw, response)
		})
	} else {
		response, newErr := New(method.Output())
		if newErr != nil {
			return outcome{}, newErr
		}
		answer, err = client.Invoke(ctx, method, request, response)
		got.messages = []proto.Message{response}
	}
	return got.of(answer, err)
}

// raw sends the step's own HTTP request; its answer is checked by status and error only.
func (p *Player) raw(ctx context.Context, step Step, key string) (outcome, error) {
	path, err := fillString(step.HTTP.Path, p.variables)
	if err != nil {
		return outcome{}, err
	}
	request := harness.Request{Method: step.HTTP.Method, Path: path, Header: step.HTTP.Header}
	if step.HTTP.Body != "" {
		request.Body = []byte(step.HTTP.Body)
	}
	if step.HTTP.Bytes != "" {
		if request.Body, err = base64.StdEncoding.DecodeString(step.HTTP.Bytes); err != nil {
			return outcome{}, fmt.Errorf("read bytes: %w", err)
		}
	}
	answer, err := p.Suite.REST(key).Do(ctx, request)
	if err != nil {
		return outcome{}, err
	}
	if answer.Status == http.StatusOK {
		return outcome{http: answer.Status}, nil
	}
	st, err := answer.Error()
	if err != nil {
		return outcome{}, err
	}
	return outcome{}.of(answer, st.Err())
}

// of completes an outcome by what REST answered. An error that is no status is one of the test or of the shape of the answer.
func (o outcome) of(answer *harness.Answer, err error) (outcome, error) {
	if _, ok := status.FromError(err); !ok {
		return outcome{}, err
	}
	o.err = err
	if answer != nil {
		o.http, o.header = answer.Status, answer.Header
	}
	return o, nil
}

func (p *Player) key(caller string) string {
	switch caller {
	case "app":
		return harness.KeyFor(p.Organization, harness.App)
	case "other":
		return harness.KeyFor(p.Other, harness.Admin)
	case "nobody":
		return ""
	case "stranger":
		return "otk_unknown"
	default:
		return harness.KeyFor(p.Organization, harness.Admin)
	}
}
