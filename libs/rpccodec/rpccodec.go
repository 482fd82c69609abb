// Package rpccodec is the protobuf codec of servers. Unlike grpc's own it does not answer a request that cannot be decoded with INTERNAL,
// before any interceptor runs: it hands over an empty message with a mark, and the validation interceptor refuses marked messages with
// INVALID_ARGUMENT, so that the refusal is authenticated, logged and shaped like any other.
package rpccodec

import (
	"bytes"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Reasons of refused messages.
const (
	// ReasonMalformed tells that the bytes are no valid protobuf message, or that a string is not UTF-8.
	ReasonMalformed = "MALFORMED_REQUEST"
	// ReasonTooLarge tells that the message is larger than the server takes.
	ReasonTooLarge = "MESSAGE_TOO_LARGE"
)

// markField is the number of the unknown field that marks a message. It lies in the range that protobuf reserves for implementations, so
// that no schema can use it. A caller who sends the mark is refused, which is all the mark does.
const markField protowire.Number = 19507

// Kinds of marks: the first byte of the field.
const (
	kindMalformed = 'm'
	kindTooLarge  = 'l'
)

// HardLimitFactor is by how much the limit of the transport exceeds that of the codec: messages between the two limits are read and then
// refused with a reason; beyond it the transport cuts them off with RESOURCE_EXHAUSTED.
const HardLimitFactor = 2

type codec struct {
	encoding.CodecV2
	maxBytes int
}

// New makes a codec for servers. maxBytes is the largest message to be decoded; 0 means no limit.
func New(maxBytes int) encoding.CodecV2 {
	return codec{CodecV2: encoding.GetCodecV2(grpcproto.Name), maxBytes: maxBytes}
}

// Unmarshal decodes data into v. It fails only when v is no protobuf message: a message that is malformed or too large comes out empty and
// marked (see Refusal).
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(proto.Message)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	if c.maxBytes > 0 && data.Len() > c.maxBytes {
		mark(m, kindTooLarge, fmt.Sprintf("the message has %d bytes, at most %d are allowed", data.Len(), c.maxBytes))
		return nil
	}
	if err := c.CodecV2.Unmarshal(data, v); err != nil {
		mark(m, kindMalformed, invalidString(m.ProtoReflect().Descriptor(), data.Materialize()))
	}
	return nil
}

func mark(m proto.Message, kind byte, detail string) {
	proto.Reset(m)
	b := protowire.AppendTag(nil, markField, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendBytes(b, append([]byte{kind}, detail...)))
}

// markTag is how the unknown fields of a marked message begin.
var markTag = protowire.AppendTag(nil, markField, protowire.BytesType)

// Refusal returns why a message was refused by the codec, as an *rpcerr.Error, or nil for a message that was decoded.
func Refusal(m proto.Message) error {
	unknown := m.ProtoReflect().GetUnknown()
	if len(unknown) == 0 || !bytes.HasPrefix(unknown, markTag) {
		return nil
	}
	body, n := protowire.ConsumeBytes(unknown[len(markTag):])
	if n < 0 || len(body) == 0 {
		return Malformed("")
	}
	if body[0] == kindTooLarge {
		return TooLarge(string(body[1:]))
	}
	return Malformed(string(body[1:]))
}

// Malformed is the refusal of a message that cannot be decoded. field is the dotted path of the string that is not UTF-8, or "" when the
// fault lies elsewhere.
func Malformed(field string) error {
	if field == "" {
		return rpcerr.New(codes.InvalidArgument, ReasonMalformed, "the request is not a valid protobuf message")
	}
	return rpcerr.New(codes.InvalidArgument, ReasonMalformed, "the request holds text that is not valid UTF-8",
		rpcerr.WithField(field, "INVALID_UTF8", "must be valid UTF-8"))
}

// TooLarge is the refusal of a message over the limit; message is for developers. The code is not RESOURCE_EXHAUSTED, since waiting does not
// help.
func TooLarge(message string) error {
	return rpcerr.New(codes.InvalidArgument, ReasonTooLarge, message)
}
