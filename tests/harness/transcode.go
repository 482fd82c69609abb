package harness

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Transcode turns a call into the HTTP request that its google.api.http rule describes: what the path names goes there, the rest into the
// body or, where the rule has none, the query. It is written from the rule's documentation alone, so that it checks the gateway.
func Transcode(method protoreflect.MethodDescriptor, request proto.Message) (Request, error) {
	rule, ok := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !ok || rule == nil {
		return Request{}, fmt.Errorf("transcode %s: no HTTP rule", method.FullName())
	}
	verb, template := pattern(rule)
	rest := proto.Clone(request)
	path, err := expand(template, rest.ProtoReflect())
	if err != nil {
		return Request{}, fmt.Errorf("transcode %s: %w", method.FullName(), err)
	}
	out := Request{Method: verb, Path: path}
	switch rule.GetBody() {
	case "*":
		if out.Body, err = protojson.Marshal(rest); err != nil {
			return Request{}, fmt.Errorf("transcode %s: encode body: %w", method.FullName(), err)
		}
	case "":
		query, err := queryOf(rest)
		if err != nil {
			return Request{}, fmt.Errorf("transcode %s: %w", method.FullName(), err)
		}
		if len(query) > 0 {
			out.Path += "?" + query.Encode()
		}
	default:
		return Request{}, fmt.Errorf("transcode %s: body %q", method.FullName(), rule.GetBody())
	}
	return out, nil
}

func pattern(rule *annotations.HttpRule) (verb, template string) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, p.Post
	case *annotations.HttpRule_Put:
		return http.MethodPut, p.Put
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, p.Delete
	}
	return "", ""
}

// expand fills the variables of a path template from the fields of m, which are cleared.
func expand(template string, m protoreflect.Message) (string, error) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(template, "{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		variable, rest, found := strings.Cut(after, "}")
		if !found {
			return "", fmt.Errorf("path template %q is not closed", template)
		}
		field, _, _ := strings.Cut(variable, "=")
		value, err := takeString(m, strings.Split(field, "."))
		if err != nil {
			return "", err
		}
		out.WriteString(escapeSegments(value))
		template = rest
	}
}

// takeString reads and clears the string field at a path.
func takeString(m protoreflect.Message, path []string) (string, error) {
	fd := m.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	if fd == nil {
		return "", fmt.Errorf("%s has no field %s", m.Descriptor().FullName(), path[0])
	}
	if len(path) > 1 {
		return takeString(m.Mutable(fd).Message(), path[1:])
	}
	value := m.Get(fd).String()
	m.Clear(fd)
	return value, nil
}

// queryOf flattens a message: nested fields are dotted, repeated ones repeat.
func queryOf(m proto.Message) (url.Values, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode query: %w", err)
	}
	var document map[string]any
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("encode query: %w", err)
	}
	query := make(url.Values)
	flatten(query, "", document)
	return query, nil
}

func flatten(query url.Values, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for k, inner := range v {
			if name != "" {
				k = name + "." + k
			}
			flatten(query, k, inner)
		}
	case []any:
		for _, inner := range v {
			flatten(query, name, inner)
		}
	default:
		query.Add(name, fmt.Sprint(v))
	}
}
