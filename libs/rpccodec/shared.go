package rpccodec

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// Shared is a message that many readers are sent: it is encoded once. Send it as it is, with SendMsg. From Share on nobody may change it.
type Shared struct {
	proto.Message
	encoded mem.SliceBuffer
}

// Share encodes a message for many readers.
func Share(m proto.Message) (*Shared, error) {
	encoded, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	return &Shared{Message: m, encoded: encoded}, nil
}

// Marshal encodes v.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if s, ok := v.(*Shared); ok {
		return mem.BufferSlice{s.encoded}, nil
	}
	return c.CodecV2.Marshal(v)
}
