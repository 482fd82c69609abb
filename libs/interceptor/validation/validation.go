// Package validation is the step that refuses requests that break the rules written in their proto files (buf.validate), every fault with
// its field path, and requests that could not be decoded (package rpccodec).
package validation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/otklik/otklik/libs/rpccodec"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "validation"

// Reason is the reason of requests that break a rule.
const Reason = "VALIDATION_FAILED"

// maxViolations bounds the list in an answer, since a caller can send thousands of faulty items and an answer must fit into its headers.
const maxViolations = 50

// Malformed refuses a request that breaks a rule of its form which the rules in the protos do not express.
func Malformed(field, reason, description string) *rpcerr.Error {
	return rpcerr.New(codes.InvalidArgument, Reason, field+": "+description, rpcerr.WithField(field, reason, description))
}

// Interceptor is the step.
type Interceptor struct {
	validator protovalidate.Validator
}

// compiled holds the rules of all message types that were seen, for every server and service of the process: they depend on nothing but the
// protos, and compiling them is most of the time that a server takes to start.
var compiled = sync.OnceValues(func() (protovalidate.Validator, error) { return protovalidate.New() })

// New makes the step. Rules are compiled when a message type is first seen; see Warm.
func New() (*Interceptor, error) {
	v, err := compiled()
	if err != nil {
		return nil, fmt.Errorf("make validator: %w", err)
	}
	return &Interceptor{validator: v}, nil
}

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// Warm compiles the rules of the requests of a service, so that the first calls are as fast as the others and a rule that does not compile
// refuses to start.
func (i *Interceptor) Warm(sd protoreflect.ServiceDescriptor) error {
	for j := range sd.Methods().Len() {
		md := sd.Methods().Get(j).Input()
		var broken *protovalidate.CompilationError
		// That an empty message breaks rules does not matter here.
		if err := i.validator.Validate(dynamicpb.NewMessage(md)); errors.As(err, &broken) {
			return fmt.Errorf("compile the rules of %s: %w", md.FullName(), err)
		}
	}
	return nil
}

// Unary intercepts unary calls.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := i.Check(req); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// Stream intercepts streams: every message that the handler receives is checked.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, &checkedStream{ServerStream: ss, check: i.Check})
	}
}

type checkedStream struct {
	grpc.ServerStream
	check func(any) error
}

// RecvMsg receives and checks.
func (s *checkedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.check(m)
}

// Check returns nil for a sound request, an *rpcerr.Error for a faulty one, and another error when the rules cannot be evaluated.
func (i *Interceptor) Check(req any) error {
	m, ok := req.(proto.Message)
	if !ok {
		return fmt.Errorf("check request: %T is no protobuf message", req)
	}
	if err := rpccodec.Refusal(m); err != nil {
		return err
	}
	err := i.validator.Validate(m)
	if err == nil {
		return nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("check request %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	return Refusal(invalid, m.ProtoReflect().Descriptor())
}

// Refusal is a validation error of a request in the shape for callers.
func Refusal(invalid *protovalidate.ValidationError, request protoreflect.MessageDescriptor) *rpcerr.Error {
	n := min(len(invalid.Violations), maxViolations)
	fields := make([]rpcerr.FieldViolation, n)
	for i, v := range invalid.Violations[:n] {
		fields[i] = rpcerr.FieldViolation{
			Field:       protovalidate.FieldPathString(v.Proto.GetField()),
			Reason:      reasonOf(v.Proto.GetRuleId()),
			Description: describe(v, request),
		}
	}
	message := "the request breaks a rule"
	if len(fields) > 0 {
		first := fields[0]
		message = strings.TrimPrefix(first.Field+": ", ": ") + first.Description
		if more := len(invalid.Violations) - 1; more > 0 {
			message += fmt.Sprintf(" (and %d more)", more)
		}
	}
	return rpcerr.New(codes.InvalidArgument, Reason, message, rpcerr.WithFields(fields...))
}

// reasonOf spells a rule's id, e.g. string.min_len, as a reason: STRING_MIN_LEN.
func reasonOf(rule string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '.' || r == '-' {
			return '_'
		}
		return r
	}, rule))
}
