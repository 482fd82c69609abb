package api

import (
	"errors"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/mask"
)

// changedFields returns the fields that an update changes, and refuses a mask that names others than the mutable ones.
func changedFields(paths *fieldmaskpb.FieldMask, in proto.Message, mutable []string) ([]string, error) {
	fields, err := mask.Changed(paths, in, mutable)
	var unknown *mask.UnknownPath
	if errors.As(err, &unknown) {
		return nil, malformed(unknown.Field(), "FIELD_UNKNOWN", "names a field that does not exist or cannot be changed")
	}
	return fields, err
}
