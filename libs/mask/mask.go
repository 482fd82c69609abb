// Package mask applies update masks (AIP-134) to messages.
package mask

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// UnknownPath tells that a mask names a field that does not exist or cannot be changed.
type UnknownPath struct {
	// Index is the place of the path in the mask.
	Index int
}

// Error says which.
func (u *UnknownPath) Error() string {
	return fmt.Sprintf("path %d names a field that does not exist or cannot be changed", u.Index)
}

// Field is the path of the path in a request with an update_mask.
func (u *UnknownPath) Field() string { return fmt.Sprintf("update_mask.paths[%d]", u.Index) }

// Changed returns the fields that an update changes: those of the mask, every mutable one for `*`, or without a mask those that are set in the message.
// Errors: *UnknownPath.
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
			return nil, &UnknownPath{Index: i}
		}
	}
	return paths, nil
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
