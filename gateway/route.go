package gateway

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// route is one REST binding of an RPC, as google.api.http declares it.
type route struct {
	// method is the HTTP method, template the path template.
	method, template string
	// rpc is the method that is called; input makes an empty request of it.
	rpc   protoreflect.MethodDescriptor
	input protoreflect.MessageType
	// hasBody tells whether the request message comes in the body; else it comes in the query.
	hasBody bool
	// pathFields are the proto paths of the fields that the URL path sets.
	pathFields []string
	// stream tells whether messages are sent one by one, events whether also as server-sent events.
	stream, events bool
	// from is the field of the request in which a reader of events says where it was; nil where there is none.
	from protoreflect.FieldDescriptor
	// crossOrigin tells whether pages of other origins may call it.
	crossOrigin bool
}

var templateField = regexp.MustCompile(`\{([^=}]+)(?:=[^}]*)?\}`)

// routesOf lists the REST bindings of services, from their descriptors.
func routesOf(services ...protoreflect.ServiceDescriptor) ([]*route, error) {
	var routes []*route
	for _, service := range services {
		for i := range service.Methods().Len() {
			rpc := service.Methods().Get(i)
			rule, ok := proto.GetExtension(rpc.Options(), annotations.E_Http).(*annotations.HttpRule)
			if !ok || rule == nil {
				continue
			}
			for _, binding := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
				r, err := routeOf(rpc, binding)
				if err != nil {
					return nil, fmt.Errorf("read REST binding of %s: %w", rpc.FullName(), err)
				}
				routes = append(routes, r)
			}
		}
	}
	return routes, nil
}

func routeOf(rpc protoreflect.MethodDescriptor, rule *annotations.HttpRule) (*route, error) {
	input, err := protoregistry.GlobalTypes.FindMessageByName(rpc.Input().FullName())
	if err != nil {
		return nil, fmt.Errorf("find request message: %w", err)
	}
	r := &route{rpc: rpc, input: input, stream: rpc.IsStreamingServer(), crossOrigin: crossOriginMethod(rpc)}
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		r.method, r.template = http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		r.method, r.template = http.MethodPost, p.Post
	case *annotations.HttpRule_Put:
		r.method, r.template = http.MethodPut, p.Put
	case *annotations.HttpRule_Patch:
		r.method, r.template = http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		r.method, r.template = http.MethodDelete, p.Delete
	default:
		return nil, fmt.Errorf("the pattern %T is not supported", p)
	}
	switch rule.GetBody() {
	case "":
	case "*":
		r.hasBody = true
	default:
		return nil, fmt.Errorf("the body must be the whole message, not %q", rule.GetBody())
	}
	for _, match := range templateField.FindAllStringSubmatch(r.template, -1) {
		r.pathFields = append(r.pathFields, match[1])
	}
	var kind eventKind
	if kind, r.events = eventKinds[rpc.Output().FullName()]; r.events {
		r.from = rpc.Input().Fields().ByName(kind.from)
	}
	return r, nil
}

// key identifies the route by its method and its template in the spelling of runtime.Pattern.String.
func (r *route) key() string {
	return r.method + " " + templateField.ReplaceAllStringFunc(r.template, func(field string) string {
		if strings.Contains(field, "=") {
			return field
		}
		return strings.TrimSuffix(field, "}") + "=*}"
	})
}
