package gateway

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/rpcerr"
)

// checkQuery refuses query parameters that the route does not know or cannot read, naming each; grpc-gateway ignores the former.
func (r *route) checkQuery(raw string) *rpcerr.Error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return fault(codes.InvalidArgument, reasonQueryInvalid, "the query of the URL is malformed: escape with % what is not a letter or digit")
	}
	var wrong []rpcerr.FieldViolation
	refuse := func(name, reason, description string) {
		wrong = append(wrong, rpcerr.FieldViolation{Field: name, Reason: reason, Description: description})
	}
	seen := make(map[string]bool, len(values))
	for name, given := range values {
		if !utf8.ValidString(name) {
			refuse(clip(strings.ToValidUTF8(name, "\uFFFD")), "INVALID_UTF8", "is not valid UTF-8")
			continue
		}
		shown := clip(name)
		field, path := r.queryField(name)
		switch {
		case field == nil && r.hasBody:
			refuse(shown, "UNKNOWN_PARAMETER", "is not a parameter: fields of the request go into the body")
		case field == nil:
			refuse(shown, "UNKNOWN_PARAMETER", "is not a parameter of this call")
		case slices.Contains(r.pathFields, path):
			refuse(shown, "SET_BY_PATH", "is set by the path of the URL")
		case seen[path]:
			refuse(shown, "DUPLICATE_PARAMETER", "is given twice, in two spellings")
		case len(given) > 1 && !field.IsList():
			refuse(shown, "DUPLICATE_PARAMETER", "may be given once")
		default:
			if reason, description := r.checkQueryValues(field, path, given); reason != "" {
				refuse(shown, reason, description)
			}
		}
		seen[path] = true
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.SortFunc(wrong, func(a, b rpcerr.FieldViolation) int { return strings.Compare(a.Field, b.Field) })
	return fault(codes.InvalidArgument, reasonQueryInvalid, "query parameters are wrong: "+fieldNames(wrong), rpcerr.WithFields(wrong...))
}

// queryField finds the field that a parameter names, by JSON names or proto names joined with dots, and its proto path; nil where there is none
// or it cannot be given in a query.
func (r *route) queryField(name string) (protoreflect.FieldDescriptor, string) {
	if r.hasBody {
		return nil, ""
	}
	message, names := r.rpc.Input(), strings.Split(name, ".")
	path := make([]string, 0, len(names))
	for i, part := range names {
		field := message.Fields().ByJSONName(part)
		if field == nil {
			field = message.Fields().ByTextName(part)
		}
		if field == nil || field.IsMap() {
			return nil, ""
		}
		path = append(path, string(field.Name()))
		if i == len(names)-1 {
			if field.Message() != nil && !scalarMessage(field.Message()) {
				return nil, ""
			}
			return field, strings.Join(path, ".")
		}
		if field.Message() == nil || field.IsList() || scalarMessage(field.Message()) {
			return nil, ""
		}
		message = field.Message()
	}
	return nil, ""
}

// scalarMessage tells whether a message is written as one JSON string or number.
func scalarMessage(m protoreflect.MessageDescriptor) bool {
	return m.FullName().Parent() == "google.protobuf"
}

// checkQueryValues reads the values as grpc-gateway will.
func (r *route) checkQueryValues(field protoreflect.FieldDescriptor, path string, values []string) (reason, description string) {
	for _, value := range values {
		if !utf8.ValidString(value) {
			return "INVALID_UTF8", "is not valid UTF-8"
		}
		if runtime.PopulateFieldFromPath(r.input.New().Interface(), path, value) != nil {
			return "INVALID_VALUE", expected(field)
		}
	}
	return "", ""
}

func fieldNames(fields []rpcerr.FieldViolation) string {
	const most = 5
	names := make([]string, 0, most+1)
	for i, f := range fields {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, f.Field)
	}
	return strings.Join(names, ", ")
}
