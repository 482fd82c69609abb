// Package mask applies update masks (AIP-134) to messages.
package mask

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Changed returns the fields that an update changes: those of the `update_mask`, every mutable one for `*`, or without a mask those that are set in the message.
// A mask that names another field is refused, with its path.
func Changed(mask *fieldmaskpb.FieldMask, in proto.Message, mutable []string) ([]string, error) {
	paths := mask.GetPaths()
	if len(paths) == 0 {
		return slices.DeleteFunc(slices.Clone(mutable), func(name string) bool {
			m := in.ProtoReflect()
			return !m.IsValid() || !m.Has(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
		}), nil
	}
	if slices.Equal(paths, []string{"*"}) {
		return mutable, nil
	}
	for i, path := range paths {
		if !slices.Contains(mutable, path) {
			return nil, unknown(i, mutable)
		}
	}
	return paths, nil
}

// unknown refuses a path of a mask.
func unknown(i int, mutable []string) error {
	field := fmt.Sprintf("update_mask.paths[%d]", i)
	what := "names a field that does not exist or cannot be changed: " + strings.Join(mutable, ", ") + " can"
	return rpcerr.New(codes.InvalidArgument, validation.Reason, field+": "+what, rpcerr.WithField(field, "FIELD_UNKNOWN", what))
}

// Overlay puts fields of one message over those of another of its type; a field that over does not set is cleared.
func Overlay(under, over proto.Message, fields []string) {
	dst, src := under.ProtoReflect(), over.ProtoReflect()
	for _, name := range fields {
		fd := dst.Descriptor().Fields().ByName(protoreflect.Name(name))
		if src.IsValid() && src.Has(fd) {
			dst.Set(fd, src.Get(fd))
		} else {
			dst.Clear(fd)
		}
	}
}
