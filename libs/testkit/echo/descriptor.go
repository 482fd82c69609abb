// Package echo is a small gRPC service for the tests of servers, clients and interceptors: it has validation rules, permissions, all four
// kinds of methods, and does on request whatever a handler can do. It needs no generated code.
package echo

import (
	"fmt"
	"sync"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// The names of the service and its methods.
const (
	Service = "testkit.echo.v1.EchoService"
	// Echo answers a message with itself.
	Echo = "/" + Service + "/Echo"
	// Repeat does what Echo does, and says in its description that it is idempotent, which Echo does not.
	Repeat = "/" + Service + "/Repeat"
	// Split answers with one message for every score. It is described as free of side effects.
	Split = "/" + Service + "/Split"
	// Collect answers a stream of messages with one that has all scores.
	Collect = "/" + Service + "/Collect"
	// Chat answers every message of a stream with itself.
	Chat = "/" + Service + "/Chat"
)

// Permission is what all methods need but Chat, which needs PermissionInternal. All name what they act on by the text of the message.
//
//	method   reach         audit
//	Echo     any           refusals
//	Repeat   organisation  change
//	Split    units         personal
//	Collect  any           refusals
//	Chat     organisation  change
const (
	Permission         = "echo.messages.send"
	PermissionInternal = "echo.internal.chat"
)

// accessOption is the number of the method option that says who may call a method; its fields are permission, resource, reach and audit.
const accessOption = 50502

// The values of the option's fields reach and audit.
const (
	reachOrganization, reachUnits, reachAny   = 1, 2, 3
	auditRefusals, auditChange, auditPersonal = 1, 2, 3
)

// maxText is the most characters of a text.
const maxText = 10000

var file = sync.OnceValue(func() protoreflect.FileDescriptor {
	fd, err := protodesc.NewFile(fileProto(), protoregistry.GlobalFiles)
	if err == nil {
		// Reflection and the server's start find descriptors in the global registry, as those of generated code are.
		err = protoregistry.GlobalFiles.RegisterFile(fd)
	}
	if err != nil {
		panic(fmt.Sprintf("echo: %v", err))
	}
	return fd
})

// Descriptor describes the service.
func Descriptor() protoreflect.ServiceDescriptor { return file().Services().Get(0) }

func messageDescriptor() protoreflect.MessageDescriptor { return file().Messages().ByName("Message") }

// fileProto is this file:
//
//	message Item { int32 score = 1 [0..10]; string note = 2 [at most 20 characters]; }
//	message Message { string text = 1 [1..10000 characters]; repeated Item items = 2; string action = 3; }
func fileProto() *descriptorpb.FileDescriptorProto {
	text := &validate.FieldRules{Type: &validate.FieldRules_String_{String_: &validate.StringRules{MinLen: proto.Uint64(1), MaxLen: proto.Uint64(maxText)}}}
	note := &validate.FieldRules{Type: &validate.FieldRules_String_{String_: &validate.StringRules{MaxLen: proto.Uint64(20)}}}
	score := &validate.FieldRules{Type: &validate.FieldRules_Int32{Int32: &validate.Int32Rules{
		GreaterThan: &validate.Int32Rules_Gte{Gte: 0}, LessThan: &validate.Int32Rules_Lte{Lte: 10},
	}}}
	stringType := descriptorpb.FieldDescriptorProto_TYPE_STRING
	items := field("items", 2, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, nil)
	items.TypeName = proto.String(".testkit.echo.v1.Item")
	items.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	return &descriptorpb.FileDescriptorProto{
		Name:       proto.String("testkit/echo/v1/echo.proto"),
		Package:    proto.String("testkit.echo.v1"),
		Syntax:     proto.String("proto3"),
		Dependency: []string{"buf/validate/validate.proto"},
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Item"), Field: []*descriptorpb.FieldDescriptorProto{
				field("score", 1, descriptorpb.FieldDescriptorProto_TYPE_INT32, score), field("note", 2, stringType, note),
			}},
			{Name: proto.String("Message"), Field: []*descriptorpb.FieldDescriptorProto{
				field("text", 1, stringType, text), items, field("action", 3, stringType, nil),
			}},
		},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: proto.String("EchoService"),
			Method: []*descriptorpb.MethodDescriptorProto{
				method("Echo", false, false, access(Permission, reachAny, auditRefusals)),
				repeatable(descriptorpb.MethodOptions_IDEMPOTENT, method("Repeat", false, false, access(Permission, reachOrganization, auditChange))),
				repeatable(descriptorpb.MethodOptions_NO_SIDE_EFFECTS, method("Split", false, true, access(Permission, reachUnits, auditPersonal))),
				method("Collect", true, false, access(Permission, reachAny, auditRefusals)),
				method("Chat", true, true, access(PermissionInternal, reachOrganization, auditChange)),
			},
		}},
	}
}

func field(name string, number int32, typ descriptorpb.FieldDescriptorProto_Type, rules *validate.FieldRules) *descriptorpb.FieldDescriptorProto {
	f := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: &typ, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
	if rules != nil {
		f.Options = &descriptorpb.FieldOptions{}
		proto.SetExtension(f.Options, validate.E_Field, rules)
	}
	return f
}

// access encodes the option that says who may call a method, as it arrives where its Go code is not linked in.
func access(permission string, reach, audit uint64) []byte {
	rule := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), permission)
	rule = protowire.AppendString(protowire.AppendTag(rule, 2, protowire.BytesType), "text")
	rule = protowire.AppendVarint(protowire.AppendTag(rule, 3, protowire.VarintType), reach)
	rule = protowire.AppendVarint(protowire.AppendTag(rule, 4, protowire.VarintType), audit)
	return protowire.AppendBytes(protowire.AppendTag(nil, accessOption, protowire.BytesType), rule)
}

func method(name string, clientStreams, serverStreams bool, rule []byte) *descriptorpb.MethodDescriptorProto {
	opts := &descriptorpb.MethodOptions{}
	opts.ProtoReflect().SetUnknown(rule)
	return &descriptorpb.MethodDescriptorProto{
		Name: &name, InputType: proto.String(".testkit.echo.v1.Message"), OutputType: proto.String(".testkit.echo.v1.Message"),
		ClientStreaming: &clientStreams, ServerStreaming: &serverStreams, Options: opts,
	}
}

func repeatable(level descriptorpb.MethodOptions_IdempotencyLevel, m *descriptorpb.MethodDescriptorProto) *descriptorpb.MethodDescriptorProto {
	m.Options.IdempotencyLevel = &level
	return m
}

// Message is what the service takes and gives.
type Message struct{ *dynamicpb.Message }

// New makes a message with a text and a score for each item.
func New(text string, scores ...int32) Message {
	m := Empty()
	m.SetText(text)
	for _, s := range scores {
		m.AddItem(s, "")
	}
	return m
}

// Empty makes a message to receive into.
func Empty() Message { return Message{dynamicpb.NewMessage(messageDescriptor())} }

func (m Message) field(name protoreflect.Name) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(name)
}

// Text is the field text.
func (m Message) Text() string { return m.Get(m.field("text")).String() }

// SetText sets the field text.
func (m Message) SetText(s string) { m.Set(m.field("text"), protoreflect.ValueOfString(s)) }

// Action is what the handler is asked to do besides echoing.
func (m Message) Action() string { return m.Get(m.field("action")).String() }

// WithAction sets what the handler is asked to do besides echoing, and returns the message.
func (m Message) WithAction(s string) Message {
	m.Set(m.field("action"), protoreflect.ValueOfString(s))
	return m
}

// AddItem adds an item.
func (m Message) AddItem(score int32, note string) {
	list := m.Mutable(m.field("items")).List()
	item := list.AppendMutable().Message()
	fields := item.Descriptor().Fields()
	item.Set(fields.ByName("score"), protoreflect.ValueOfInt32(score))
	item.Set(fields.ByName("note"), protoreflect.ValueOfString(note))
}

// Scores are the scores of the items.
func (m Message) Scores() []int32 {
	list := m.Get(m.field("items")).List()
	scores := make([]int32, list.Len())
	for i := range scores {
		item := list.Get(i).Message()
		scores[i] = int32(item.Get(item.Descriptor().Fields().ByName("score")).Int())
	}
	return scores
}
