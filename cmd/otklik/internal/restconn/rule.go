package restconn

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// rule is the google.api.http rule of a method.
type rule struct {
	verb, template string
	wholeBody      bool
	// further are the other bindings of the method, for requests that do not fit this one.
	further []rule
}

// The errors that tell that a request needs another binding.
var (
	errNotInURL = errors.New("a list of messages or an empty message cannot be a query parameter")
	errNotNamed = errors.New("a resource that the path names is missing")
)

// call is a request as it goes over HTTP.
type call struct {
	verb, path string
	body       []byte
}

// ruleOf finds the rule of a method given as `/package.Service/Method`.
func ruleOf(method string) (rule, error) {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return rule{}, fmt.Errorf("find %s: %w", name, err)
	}
	http, _ := proto.GetExtension(d.Options(), annotations.E_Http).(*annotations.HttpRule)
	r := bindingOf(http)
	if body := http.GetBody(); body != "" && body != "*" {
		return rule{}, fmt.Errorf("%s has the body %q, which is not supported", name, body)
	}
	if r.template == "" {
		return rule{}, fmt.Errorf("%s is not part of the REST API", name)
	}
	for _, other := range http.GetAdditionalBindings() {
		r.further = append(r.further, bindingOf(other))
	}
	return r, nil
}

func bindingOf(http *annotations.HttpRule) rule {
	r := rule{wholeBody: http.GetBody() == "*"}
	r.verb, r.template = pattern(http)
	return r
}

func pattern(r *annotations.HttpRule) (verb, template string) {
	switch p := r.GetPattern().(type) {
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
	default:
		return "", ""
	}
}

// request is the request of the first binding that it fits.
func (r rule) request(in proto.Message) (call, error) {
	out, err := r.bind(in)
	for _, other := range r.further {
		if !errors.Is(err, errNotInURL) && !errors.Is(err, errNotNamed) {
			break
		}
		if further, failed := other.bind(in); failed == nil {
			return further, nil
		}
	}
	return out, err
}

// bind puts the fields that the path names into the path and the others into the body, or into the query where there is none.
func (r rule) bind(in proto.Message) (call, error) {
	rest := proto.Clone(in)
	path, err := expand(r.template, rest.ProtoReflect())
	if err != nil {
		return call{}, err
	}
	out := call{verb: r.verb, path: path}
	if r.wholeBody {
		if out.body, err = protojson.Marshal(rest); err != nil {
			return call{}, fmt.Errorf("encode body: %w", err)
		}
		return out, nil
	}
	query, err := queryOf(rest)
	if err != nil {
		return call{}, err
	}
	if len(query) > 0 {
		out.path += "?" + query.Encode()
	}
	return out, nil
}

// expand fills in the variables of a path template and clears their fields.
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
			return "", fmt.Errorf("the path template %q has an open brace", template)
		}
		field, _, _ := strings.Cut(variable, "=")
		value, err := take(m, strings.Split(field, "."))
		if err != nil {
			return "", err
		}
		if value == "" {
			return "", fmt.Errorf("%s: %w", field, errNotNamed)
		}
		segments := strings.Split(value, "/")
		for i, s := range segments {
			segments[i] = url.PathEscape(s)
		}
		out.WriteString(strings.Join(segments, "/"))
		template = rest
	}
}

// take returns the text at a path of fields and clears it.
func take(m protoreflect.Message, path []string) (string, error) {
	field := m.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	if field == nil {
		return "", fmt.Errorf("%s has no field %s", m.Descriptor().FullName(), path[0])
	}
	if len(path) > 1 {
		return take(m.Mutable(field).Message(), path[1:])
	}
	value := m.Get(field).String()
	m.Clear(field)
	return value, nil
}

// queryOf writes a message as query parameters: fields of fields behind dots, lists as repeated parameters.
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
	if err := flatten(query, "", document); err != nil {
		return nil, err
	}
	return query, nil
}

func flatten(query url.Values, name string, value any) error {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if name != "" {
				key = name + "." + key
			}
			if err := flatten(query, key, inner); err != nil {
				return err
			}
		}
		// An empty message says something too, for example which of several is meant, and a URL cannot.
		if len(v) == 0 && name != "" {
			return fmt.Errorf("%s: %w", name, errNotInURL)
		}
	case []any:
		for _, inner := range v {
			if _, ok := inner.(map[string]any); ok {
				return fmt.Errorf("%s: %w", name, errNotInURL)
			}
			if err := flatten(query, name, inner); err != nil {
				return err
			}
		}
	default:
		query.Add(name, fmt.Sprint(v))
	}
	return nil
}
