package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// binding is one REST route of a method.
type binding struct {
	rpc protoreflect.MethodDescriptor
	// verb is the HTTP method in lower case, template the path of the proto, path that of the document.
	verb, template, path string
	// additional tells that the method has another route before this.
	additional bool
	// suffix tells the operation of an additional route from those of the method's others.
	suffix string
}

// operation is the identifier of the operation.
func (b binding) operation() string { return methodID(b.rpc) + b.suffix }

// methodID is the identifier of the operation of a method's first route.
func methodID(rpc protoreflect.MethodDescriptor) string {
	name := string(rpc.Name())
	return strings.ToLower(name[:1]) + name[1:]
}

// suffixOf is what tells an additional route: what it is about, where it differs from the first one in that, and else the verb.
func suffixOf(b, first binding) string {
	word := b.verb
	if collection, _, ok := strings.Cut(strings.TrimPrefix(b.path, "/v1/"), "/{"); ok && b.verb == first.verb {
		word = singular(collection)
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

var variable = regexp.MustCompile(`\{([^=}]+)=([^}]*)\}`)

func bindings(services []protoreflect.ServiceDescriptor) []binding {
	var list []binding
	for _, service := range services {
		for i := range service.Methods().Len() {
			rpc := service.Methods().Get(i)
			rule, _ := proto.GetExtension(rpc.Options(), annotations.E_Http).(*annotations.HttpRule)
			if rule == nil {
				continue
			}
			for j, r := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
				b := binding{rpc: rpc, additional: j > 0}
				switch p := r.GetPattern().(type) {
				case *annotations.HttpRule_Get:
					b.verb, b.template = "get", p.Get
				case *annotations.HttpRule_Post:
					b.verb, b.template = "post", p.Post
				case *annotations.HttpRule_Put:
					b.verb, b.template = "put", p.Put
				case *annotations.HttpRule_Patch:
					b.verb, b.template = "patch", p.Patch
				case *annotations.HttpRule_Delete:
					b.verb, b.template = "delete", p.Delete
				}
				b.path = documentPath(b.template)
				if b.additional {
					b.suffix = suffixOf(b, list[len(list)-j])
				}
				list = append(list, b)
			}
		}
	}
	return list
}

// documentPath names each `*` of a template by the collection before it: `/v1/{name=surveys/*}:close` is `/v1/surveys/{survey}:close`.
func documentPath(template string) string {
	return variable.ReplaceAllStringFunc(template, func(v string) string {
		segments := strings.Split(variable.FindStringSubmatch(v)[2], "/")
		for i := 1; i < len(segments); i++ {
			if segments[i] == "*" {
				segments[i] = "{" + singular(segments[i-1]) + "}"
			}
		}
		return strings.Join(segments, "/")
	})
}

// mendOperations completes each operation. An operation without a route, or a route without an operation, is an error.
func (m *mender) mendOperations(paths *object) error {
	known, operations := map[string]bool{}, map[string]bool{}
	for _, b := range bindings(m.services) {
		if operations[b.operation()] {
			return fmt.Errorf("%s %s: another route is the operation %s", b.verb, b.path, b.operation())
		}
		operations[b.operation()] = true
		known[b.verb+" "+b.path] = true
		item := paths.object(b.path)
		if item == nil || item.object(b.verb) == nil {
			return fmt.Errorf("the document lacks %s %s", b.verb, b.path)
		}
		m.mendOperation(item.object(b.verb), b)
	}
	for _, path := range paths.names {
		for _, verb := range paths.object(path).names {
			if !known[verb+" "+path] {
				return fmt.Errorf("no method has the route %s %s", verb, path)
			}
		}
	}
	return nil
}

// mapAnswer is GeoJSON as it stands, and served as such.
var mapAnswer = (&reportingv1.QueryMapResponse{}).ProtoReflect().Descriptor()

// fileAnswers hold a file, which is the answer itself where the client accepts that.
var fileAnswers = []protoreflect.MessageDescriptor{
	(&reportingv1.DownloadReportResponse{}).ProtoReflect().Descriptor(), (&reportingv1.DownloadSharedReportResponse{}).ProtoReflect().Descriptor(),
}

func (m *mender) mendOperation(operation *object, b binding) {
	name := string(b.rpc.Name())
	operation.set("summary", words(name))
	operation.set("operationId", b.operation())
	operation.set("tags", texts(strings.TrimSuffix(string(b.rpc.Parent().Name()), "Service")))
	mendParameters(operation, b)
	if body := operation.object("requestBody"); body != nil {
		schema := body.object("content").object("application/json").object("schema")
		mendMessage(schema, b.rpc.Input())
		m.usePartials(schema, b.rpc.Input())
		if resolved := m.resolve(schema); len(resolved.list("required")) == 0 {
			body.set("required", false)
			body.set("description", "May be left out.")
		}
	}
	responses := operation.object("responses")
	success := responses.object("200")
	if success.text("description") == "Success" {
		success.set("description", "Done.")
	}
	success.set("headers", pairs("X-Request-Id", pairs("$ref", "#/components/headers/RequestId")))
	if message := success.object("content").object("application/json"); message != nil && b.rpc.IsStreamingServer() {
		success.set("description", "A stream. An error after its beginning comes as its last message, in the same shape as other errors.")
		success.set("content", streamContent(message.object("schema"), b.rpc))
	}
	if b.rpc.Output() == mapAnswer {
		if shape := success.object("content").object("application/json"); shape != nil {
			success.set("content", pairs("application/geo+json", shape))
		}
	}
	if slices.Contains(fileAnswers, b.rpc.Output()) {
		success.object("content").set("application/octet-stream", pairs("schema", pairs("type", "string", "format", "binary")))
	}
	responses.set("default", pairs("$ref", "#/components/responses/Error"))
}

// mendTags names groups of operations by their services without the word, in the order of the services.
func (m *mender) mendTags(document *object) {
	described := map[string]any{}
	for _, tag := range document.list("tags") {
		described[tag.(*object).text("name")] = tag.(*object).get("description")
	}
	var tags []any
	for _, service := range m.services {
		name := strings.TrimSuffix(string(service.Name()), "Service")
		description, ok := described[string(service.Name())]
		if !ok {
			description = described[name]
		}
		tags = append(tags, pairs("name", name, "description", description))
	}
	document.set("tags", tags)
}

// resolve follows a reference.
func (m *mender) resolve(schema *object) *object {
	if name, ok := strings.CutPrefix(schema.text("$ref"), refPrefix); ok {
		return m.schemas.object(name)
	}
	return schema
}

// usePartials points fields that need not be complete at the schemas that say so.
func (m *mender) usePartials(schema *object, input protoreflect.MessageDescriptor) {
	properties := schema.object("properties")
	for i := range input.Fields().Len() {
		field := input.Fields().Get(i)
		if field.Message() == nil || properties == nil || properties.object(field.JSONName()) == nil {
			continue
		}
		if partial := string(field.Message().FullName()) + "Changes"; m.schemas.object(partial) != nil && ignored(field) {
			properties.object(field.JSONName()).set("$ref", refPrefix+partial)
		}
	}
}

func ignored(field protoreflect.FieldDescriptor) bool {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	return rules.GetIgnore() == validate.Ignore_IGNORE_ALWAYS
}

// mendParameters gives path parameters their patterns and drops the proto names of the others. Fields of messages that repeat cannot be written
// in a query string: they are left out.
func mendParameters(operation *object, b binding) {
	patterns := pathPatterns(b)
	if all := operation.list("parameters"); len(all) > 0 {
		operation.set("parameters", slices.DeleteFunc(slices.Clone(all), func(p any) bool {
			return p.(*object).text("in") == "query" && inRepeated(b.rpc.Input(), p.(*object).text("name"))
		}))
	}
	for _, p := range operation.list("parameters") {
		parameter := p.(*object)
		schema := parameter.object("schema")
		schema.delete("title")
		schema.delete("description")
		if parameter.text("in") == "path" {
			name := parameter.text("name")
			parameter.set("description", "The identifier of the "+strings.ToLower(words(name))+".")
			if pattern := patterns[name]; pattern != "" {
				schema.set("pattern", pattern)
			}
		}
	}
}

// inRepeated tells whether a path of JSON names leads through a message that repeats.
func inRepeated(message protoreflect.MessageDescriptor, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if message == nil {
			return false
		}
		field := message.Fields().ByJSONName(name)
		if field == nil {
			return false
		}
		if message = field.Message(); field.IsList() && message != nil {
			return true
		}
	}
	return false
}

// pathPatterns takes the rule of each part of a resource name from the field that the path sets.
func pathPatterns(b binding) map[string]string {
	patterns := map[string]string{}
	for _, match := range variable.FindAllStringSubmatch(b.template, -1) {
		message := b.rpc.Input()
		var field protoreflect.FieldDescriptor
		for _, name := range strings.Split(match[1], ".") {
			if field = message.Fields().ByName(protoreflect.Name(name)); field == nil {
				return patterns
			}
			message = field.Message()
		}
		rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
		pattern := strings.TrimSuffix(strings.TrimPrefix(rules.GetString().GetPattern(), "^"), "$")
		segments, parts := strings.Split(match[2], "/"), strings.Split(pattern, "/")
		if len(parts) != len(segments) {
			continue
		}
		for i := 1; i < len(segments); i++ {
			if segments[i] == "*" {
				patterns[singular(segments[i-1])] = "^" + parts[i] + "$"
			}
		}
	}
	return patterns
}

// streamContent says in which forms a stream comes.
func streamContent(message *object, rpc protoreflect.MethodDescriptor) *object {
	content := pairs("application/x-ndjson", pairs("schema", pairs(
		"description", "One message a line.",
		"oneOf", []any{message, pairs("$ref", refPrefix+"Error")})))
	if strings.HasPrefix(string(rpc.Name()), "Watch") {
		content.set("text/event-stream", pairs("schema", pairs(
			"type", "string",
			"description", "With `Accept: text/event-stream`: server-sent events, each with a message in `data`: `event: heartbeat` when nothing has changed, "+
				"`event: error` as the last, with an Error in `data`, and others when something has. The `id` of the last one, in the header `Last-Event-ID`, "+
				"lets the next stream go on from there.",
			"examples", texts("event: heartbeat\nid: 4pGqWb0xUS2eJx3nX7H0Gg\ndata: {…}\n\n"))))
	}
	return content
}

// words writes a name in camel case as people do: `SubmitResponse` is `Submit response`.
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case i == 0:
			r = unicode.ToUpper(r)
		case unicode.IsUpper(r):
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// singular is the name of one element of a collection.
func singular(collection string) string {
	if stem, ok := strings.CutSuffix(collection, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(collection, "s")
}
