package echo

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Server is an implementation whose special behaviour is in functions by the name of a message's action. The functions run before the
// message is echoed; an error of theirs is the outcome of the call.
type Server struct {
	Actions map[string]func(ctx context.Context, m Message) error
}

// Register adds the service to a server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	file()
	r.RegisterService(s.desc(), s)
}

func (s *Server) act(ctx context.Context, m Message) error {
	if f, ok := s.Actions[m.Action()]; ok {
		return f(ctx, m)
	}
	if m.Action() != "" {
		return errors.New("no such action: " + m.Action())
	}
	return nil
}

func (s *Server) desc() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: Service,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Echo", Handler: unary(Echo)}, {MethodName: "Repeat", Handler: unary(Repeat)}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Split", Handler: stream(split), ServerStreams: true},
			{StreamName: "Collect", Handler: stream(collect), ClientStreams: true},
			{StreamName: "Chat", Handler: stream(chat), ClientStreams: true, ServerStreams: true},
		},
	}
}

func unary(name string) grpc.MethodHandler {
	//nolint:revive // the order of the parameters is gRPC's
	return func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		in := Empty()
		if err := dec(in.Message); err != nil {
			return nil, err
		}
		handler := func(ctx context.Context, req any) (any, error) {
			m := Message{req.(*dynamicpb.Message)}
			if err := srv.(*Server).act(ctx, m); err != nil {
				return nil, err
			}
			return m.Message, nil
		}
		if interceptor == nil {
			return handler(ctx, in.Message)
		}
		return interceptor(ctx, in.Message, &grpc.UnaryServerInfo{Server: srv, FullMethod: name}, handler)
	}
}

func stream(f func(*Server, grpc.ServerStream) error) grpc.StreamHandler {
	return func(srv any, ss grpc.ServerStream) error { return f(srv.(*Server), ss) }
}

func split(s *Server, ss grpc.ServerStream) error {
	m := Empty()
	if err := ss.RecvMsg(m.Message); err != nil {
		return err
	}
	for _, score := range m.Scores() {
		if err := ss.SendMsg(New(m.Text(), score).Message); err != nil {
			return err
		}
	}
	return s.act(ss.Context(), m)
}

func collect(s *Server, ss grpc.ServerStream) error {
	all := New("collected")
	for {
		m := Empty()
		err := ss.RecvMsg(m.Message)
		if errors.Is(err, io.EOF) {
			return ss.SendMsg(all.Message)
		}
		if err != nil {
			return err
		}
		if err := s.act(ss.Context(), m); err != nil {
			return err
		}
		for _, score := range m.Scores() {
			all.AddItem(score, "")
		}
	}
}

func chat(s *Server, ss grpc.ServerStream) error {
	for {
		m := Empty()
		err := ss.RecvMsg(m.Message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.act(ss.Context(), m); err != nil {
			return err
		}
		if err := ss.SendMsg(m.Message); err != nil {
			return err
		}
	}
}

// Call calls the method Echo.
func Call(ctx context.Context, conn grpc.ClientConnInterface, m Message, opts ...grpc.CallOption) (Message, error) {
	out := Empty()
	err := conn.Invoke(ctx, Echo, m.Message, out.Message, opts...)
	return out, err
}

// CallRepeat calls the method Repeat.
func CallRepeat(ctx context.Context, conn grpc.ClientConnInterface, m Message, opts ...grpc.CallOption) (Message, error) {
	out := Empty()
	err := conn.Invoke(ctx, Repeat, m.Message, out.Message, opts...)
	return out, err
}

// CallSplit calls the method Split and receives until the end.
func CallSplit(ctx context.Context, conn grpc.ClientConnInterface, m Message) ([]Message, error) {
	cs, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, Split)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(send(cs, m), cs.CloseSend()); err != nil {
		return nil, err
	}
	return receive(cs)
}

// CallCollect calls the method Collect.
func CallCollect(ctx context.Context, conn grpc.ClientConnInterface, messages ...Message) (Message, error) {
	out := Empty()
	cs, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, Collect)
	if err != nil {
		return out, err
	}
	for _, m := range messages {
		if err := send(cs, m); err != nil {
			return out, err
		}
	}
	if err := cs.CloseSend(); err != nil {
		return out, err
	}
	return out, cs.RecvMsg(out.Message)
}

// OpenChat starts the method Chat.
func OpenChat(ctx context.Context, conn grpc.ClientConnInterface) (grpc.ClientStream, error) {
	return conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, Chat)
}

// send sends a message. That the server has ended the stream already is not an error here: receiving tells why.
func send(cs grpc.ClientStream, m proto.Message) error {
	if msg, ok := m.(Message); ok {
		m = msg.Message
	}
	if err := cs.SendMsg(m); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func receive(cs grpc.ClientStream) ([]Message, error) {
	var all []Message
	for {
		m := Empty()
		err := cs.RecvMsg(m.Message)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, m)
	}
}

// WaitForEnd is an action that waits for the end of the call's context, at most a minute, and returns its error.
func WaitForEnd(ctx context.Context, _ Message) error {
	t := time.NewTimer(time.Minute)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return errors.New("the context did not end")
	}
}
