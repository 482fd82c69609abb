package api

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// changedFields returns the fields that an update changes: those of the mask, every mutable one for `*`, or without a mask those that are set.
func changedFields(mask *fieldmaskpb.FieldMask, in proto.Message, mutable []string) ([]string, error) {
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
			return nil, invalidField(fmt.Sprintf("update_mask.paths[%d]", i), "names a field that does not exist or cannot be changed")
		}
	}
	return paths, nil
}

// overlay puts fields of one message over those of another of its type.
func overlay(under, over proto.Message, fields []string) {
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
