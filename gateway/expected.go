package gateway

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// expected says what a field takes, for people.
func expected(field protoreflect.FieldDescriptor) string {
	switch {
	case field.IsMap():
		return "must be an object of names and values"
	case field.IsList():
		return "must be a list; each item " + expectedItem(field)
	}
	return expectedItem(field)
}

func expectedItem(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return "must be true or false"
	case protoreflect.EnumKind:
		return "must be one of " + enumNames(field.Enum())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return "must be a whole number from -2147483648 to 2147483647"
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return "must be a whole number from 0 to 4294967295"
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return "must be a whole number of 64 bits, as a number or a string"
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "must be a whole number of 64 bits that is not negative, as a number or a string"
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return "must be a number of at most 1.7e308"
	case protoreflect.StringKind:
		return "must be a string"
	case protoreflect.BytesKind:
		return "must be a string in base64"
	}
	switch field.Message().FullName() {
	case "google.protobuf.Timestamp":
		return "must be a time as in RFC 3339, for example 2017-05-01T09:30:00Z or 2017-05-01T15:30:00+06:00 (in a URL write + as %2B)"
	case "google.protobuf.Duration":
		return "must be a duration in seconds, for example 1.5s"
	case "google.protobuf.FieldMask":
		return "must be a string of field names separated by commas, for example displayName,draft"
	}
	if field.Message().FullName() == "google.protobuf.Value" {
		return "must be a value of JSON, a number one of at most 1.7e308"
	}
	return "must be an object"
}

// enumNames lists what an enum takes, without the value that stands for nothing.
func enumNames(enum protoreflect.EnumDescriptor) string {
	names := make([]string, 0, enum.Values().Len())
	for i := range enum.Values().Len() {
		if v := enum.Values().Get(i); v.Number() != 0 || !strings.HasSuffix(string(v.Name()), "_UNSPECIFIED") {
			names = append(names, string(v.Name()))
		}
	}
	return strings.Join(names, ", ")
}
