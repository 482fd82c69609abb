package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/rpcerr"
)

// position is where protojson says that it stopped: `(line 3:17)`, columns counted in characters from 1.
var position = regexp.MustCompile(`\(line (\d+):(\d+)\)`)

// explainBody says what is wrong with a body that protojson refused with err, and where. It runs only for refused bodies, so that it may
// read them again.
func explainBody(data []byte, message protoreflect.MessageDescriptor, err error) *rpcerr.Error {
	if !utf8.Valid(data) {
		offset := firstInvalid(data)
		return malformed(data, offset, "is not valid UTF-8")
	}
	var syntax *json.SyntaxError
	var raw json.RawMessage
	if jsonErr := json.Unmarshal(data, &raw); errors.As(jsonErr, &syntax) {
		// The decoder counts the bytes that it has read, with the one at fault.
		return malformed(data, max(int(syntax.Offset)-1, 0), "is not JSON: "+syntax.Error())
	}
	match := position.FindStringSubmatch(err.Error())
	if match == nil {
		// protojson names no place only for half a surrogate pair, which encoding/json lets pass.
		return fault(codes.InvalidArgument, reasonBodyMalformed, "the body is not JSON: an escape in a string, such as \\ud800, stands for no character")
	}
	line, _ := strconv.Atoi(match[1])
	column, _ := strconv.Atoi(match[2])
	found := locate(data, message, offsetOf(data, line, column))
	violation := found.violation()
	if violation.Field == "" {
		return fault(codes.InvalidArgument, reasonBodyInvalid, "the body "+violation.Description)
	}
	return fault(codes.InvalidArgument, reasonBodyInvalid, "the body is wrong at "+violation.Field+": "+violation.Description,
		rpcerr.WithFields(violation), rpcerr.WithMetadata("line", match[1]), rpcerr.WithMetadata("column", match[2]))
}

func malformed(data []byte, offset int, what string) *rpcerr.Error {
	line, column := positionOf(data, offset)
	return fault(codes.InvalidArgument, reasonBodyMalformed, fmt.Sprintf("the body %s, at line %d, column %d", what, line, column),
		rpcerr.WithMetadata("line", strconv.Itoa(line)), rpcerr.WithMetadata("column", strconv.Itoa(column)),
		rpcerr.WithMetadata("offset", strconv.Itoa(offset)))
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// positionOf gives line and column, in characters, both from 1, of a byte.
func positionOf(data []byte, offset int) (line, column int) {
	before := data[:min(offset, len(data))]
	line = bytes.Count(before, []byte{'\n'}) + 1
	before = before[bytes.LastIndexByte(before, '\n')+1:]
	return line, utf8.RuneCount(before) + 1
}

// offsetOf is the inverse of positionOf.
func offsetOf(data []byte, line, column int) int {
	offset := 0
	for ; line > 1; line-- {
		i := bytes.IndexByte(data[offset:], '\n')
		if i < 0 {
			return len(data)
		}
		offset += i + 1
	}
	for ; column > 1 && offset < len(data); column-- {
		_, size := utf8.DecodeRune(data[offset:])
		offset += size
	}
	return offset
}

// place is where a token of the body stands in the message.
type place struct {
	// path leads to the token, in JSON names.
	path string
	// message is the one whose fields are named here; nil inside of values without fields.
	message protoreflect.MessageDescriptor
	// field is the one whose value stands here, nil at the top; item tells that it is an item of a list or map.
	field protoreflect.FieldDescriptor
	item  bool
	// isName tells that the token is the name of a field; name is its text, taken that it stood there before.
	isName bool
	name   string
	taken  bool
}

// violation says what is wrong with the token that stands there.
func (p place) violation() rpcerr.FieldViolation {
	v := rpcerr.FieldViolation{Field: p.path}
	switch {
	case p.isName && p.taken:
		v.Reason, v.Description = "DUPLICATE_FIELD", "is given twice"
	case p.isName && p.message != nil && fieldOf(p.message, p.name) == nil:
		v.Reason, v.Description = "UNKNOWN_FIELD", "is not a field of "+string(p.message.Name())+", which has "+jsonNames(p.message)
	case p.isName && p.message != nil:
		v.Reason, v.Description = "ONEOF_CONFLICT", "cannot be given together with its alternatives: "+alternatives(p.message, p.name)
	case p.isName:
		v.Reason, v.Description = "INVALID_VALUE", "is a name that does not fit"
	case p.field == nil:
		v.Reason, v.Description = "INVALID_VALUE", "must be a JSON object"
	case p.item && p.field.IsMap():
		v.Reason, v.Description = "INVALID_VALUE", expectedItem(p.field.MapValue())
	case p.item:
		v.Reason, v.Description = "INVALID_VALUE", expectedItem(p.field)
	default:
		v.Reason, v.Description = "INVALID_VALUE", expected(p.field)
	}
	if p.field != nil && !p.isName && p.field.Kind() == protoreflect.EnumKind {
		v.Reason = "UNKNOWN_ENUM_VALUE"
	}
	return v
}

func fieldOf(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := message.Fields().ByJSONName(name); field != nil {
		return field
	}
	return message.Fields().ByTextName(name)
}

func jsonNames(message protoreflect.MessageDescriptor) string {
	if message.Fields().Len() == 0 {
		return "none"
	}
	names := make([]string, message.Fields().Len())
	for i := range names {
		names[i] = message.Fields().Get(i).JSONName()
	}
	return strings.Join(names, ", ")
}

func alternatives(message protoreflect.MessageDescriptor, name string) string {
	oneof := fieldOf(message, name).ContainingOneof()
	if oneof == nil {
		return "none"
	}
	names := make([]string, oneof.Fields().Len())
	for i := range names {
		names[i] = oneof.Fields().Get(i).JSONName()
	}
	return strings.Join(names, ", ")
}
