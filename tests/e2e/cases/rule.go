package cases

import (
	"net/http"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Route is one way to call a method over REST.
type Route struct {
	Method protoreflect.MethodDescriptor
	// Verb and Template are those of its google.api.http rule; Body tells whether it takes one.
	Verb, Template string
	Body           bool
}

// Routes are all routes of the public methods, additional bindings included.
func Routes() []Route {
	var all []Route
	for _, method := range Public() {
		rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
		for _, binding := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
			all = append(all, routeOf(method, binding))
		}
	}
	return all
}

func routeOf(method protoreflect.MethodDescriptor, rule *annotations.HttpRule) Route {
	r := Route{Method: method, Body: rule.GetBody() != ""}
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		r.Verb, r.Template = http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		r.Verb, r.Template = http.MethodPost, p.Post
	case *annotations.HttpRule_Patch:
		r.Verb, r.Template = http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		r.Verb, r.Template = http.MethodDelete, p.Delete
	case *annotations.HttpRule_Put:
		r.Verb, r.Template = http.MethodPut, p.Put
	}
	return r
}

// Path fills every wildcard of the template with the name.
func (r Route) Path(name string) string {
	var out strings.Builder
	rest := r.Template
	for {
		before, after, found := strings.Cut(rest, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		variable, tail, _ := strings.Cut(after, "}")
		_, pattern, nested := strings.Cut(variable, "=")
		if !nested {
			pattern = "*"
		}
		out.WriteString(strings.ReplaceAll(pattern, "*", name))
		rest = tail
	}
}

// Family is the collection that the route ends in, for example `responses`: routes of a family take the same names and bodies.
func (r Route) Family() string {
	path := r.Path("*")
	path, _, _ = strings.Cut(path, ":")
	family := ""
	for _, segment := range strings.Split(path, "/") {
		if segment != "*" {
			family = segment
		}
	}
	return family
}
