package validation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// describe says what is wrong, in our words where the validator's say nothing to people; request is what was checked.
func describe(v *protovalidate.Violation, request protoreflect.MessageDescriptor) string {
	what := ""
	switch v.Proto.GetRuleId() {
	case "enum.not_in", "enum.defined_only":
		what = enumText(v)
	case "string.pattern":
		what = patternText(v)
	case "repeated.unique":
		what = twiceText(v)
	case "required":
		if v.FieldDescriptor == nil {
			what = oneofText(v, request)
		}
	}
	if what == "" {
		what = v.Proto.GetMessage()
	}
	if what == "" {
		what = "breaks the rule " + v.Proto.GetRuleId()
	}
	return what
}

// enumText lists the values that an enum may have.
func enumText(v *protovalidate.Violation) string {
	if v.FieldDescriptor == nil || v.FieldDescriptor.Enum() == nil || !v.FieldValue.IsValid() {
		return ""
	}
	n, single := v.FieldValue.Interface().(protoreflect.EnumNumber)
	if !single {
		return ""
	}
	values := v.FieldDescriptor.Enum().Values()
	refused := refusedNumbers(v)
	var names []string
	for i := range values.Len() {
		if x := values.Get(i); x.Number() != 0 && !slices.Contains(refused, int32(x.Number())) {
			names = append(names, string(x.Name()))
		}
	}
	list := ": one of " + strings.Join(names, ", ")
	switch x := values.ByNumber(n); {
	case n == 0:
		return "is missing" + list
	case x == nil:
		return fmt.Sprintf("%d is no value%s", n, list)
	default:
		return fmt.Sprintf("%s cannot be taken%s", x.Name(), list)
	}
}

// refusedNumbers are those that the rule not_in names.
func refusedNumbers(v *protovalidate.Violation) []int32 {
	if v.Proto.GetRuleId() != "enum.not_in" || !v.RuleValue.IsValid() {
		return nil
	}
	list, ok := v.RuleValue.Interface().(protoreflect.List)
	if !ok {
		return nil
	}
	numbers := make([]int32, list.Len())
	for i := range numbers {
		numbers[i] = int32(list.Get(i).Int()) //nolint:gosec // numbers of an enum
	}
	return numbers
}

// collection is the first word of a pattern of resource names.
var collection = regexp.MustCompile(`^\^\(?([A-Za-z]+)/`)

// patternText names the form of resource names of one part to those who left its first word out.
func patternText(v *protovalidate.Violation) string {
	if !v.RuleValue.IsValid() || !v.FieldValue.IsValid() {
		return ""
	}
	pattern, ok := v.RuleValue.Interface().(string)
	value, text := v.FieldValue.Interface().(string)
	m := collection.FindStringSubmatch(pattern)
	if !ok || !text || m == nil || strings.HasPrefix(value, m[1]+"/") {
		return ""
	}
	if value == "" {
		return fmt.Sprintf("is missing: write %s/NAME", m[1])
	}
	return fmt.Sprintf("is no name of a resource: write %s/NAME, which matches %s", m[1], pattern)
}

// twiceText names what occurs twice.
func twiceText(v *protovalidate.Violation) string {
	if !v.FieldValue.IsValid() {
		return ""
	}
	list, ok := v.FieldValue.Interface().(protoreflect.List)
	if !ok {
		return ""
	}
	seen := make(map[any]bool)
	for i := range list.Len() {
		x := list.Get(i).Interface()
		switch value := x.(type) {
		case string:
			if seen[x] {
				return fmt.Sprintf("%.100q occurs twice", value)
			}
		case protoreflect.EnumNumber:
			if d := v.FieldDescriptor.Enum().Values().ByNumber(value); seen[x] && d != nil {
				return string(d.Name()) + " occurs twice"
			}
		default:
			return ""
		}
		seen[x] = true
	}
	return ""
}

// oneofText lists the fields of which one must be set.
func oneofText(v *protovalidate.Violation, request protoreflect.MessageDescriptor) string {
	path := v.Proto.GetField().GetElements()
	for i, e := range path {
		if i == len(path)-1 {
			break
		}
		f := request.Fields().ByName(protoreflect.Name(e.GetFieldName()))
		if f == nil {
			return ""
		}
		if f.IsMap() {
			f = f.MapValue()
		}
		if request = f.Message(); request == nil {
			return ""
		}
	}
	if len(path) == 0 {
		return ""
	}
	o := request.Oneofs().ByName(protoreflect.Name(path[len(path)-1].GetFieldName()))
	if o == nil {
		return ""
	}
	names := make([]string, o.Fields().Len())
	for i := range names {
		names[i] = string(o.Fields().Get(i).Name())
	}
	return "is missing: state one of " + strings.Join(names, ", ")
}
