package authz

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// OptionNumber is the number of the method option (otklik.type.v1.access).
const OptionNumber protowire.Number = 50502

// Reach is how far a method reaches among the units of an organisation.
type Reach uint8

// The reaches.
const (
	// ReachUndeclared is no reach: a server with such a method does not start.
	ReachUndeclared Reach = iota
	// ReachOrganization is what the whole organisation shares: callers who are restricted to units are refused.
	ReachOrganization
	// ReachUnits is what belongs to units: the handler shows restricted callers what belongs to theirs.
	ReachUnits
	// ReachAny is what belongs to no unit.
	ReachAny
)

// Audit is what is remembered of the calls of a method.
type Audit uint8

// What is remembered.
const (
	// AuditUndeclared is nothing said: a server with such a method does not start.
	AuditUndeclared Audit = iota
	// AuditRefusals remembers refusals alone.
	AuditRefusals
	// AuditChange remembers every call before it changes anything, and its outcome.
	AuditChange
	// AuditPersonal remembers every call before its caller gets the answer.
	AuditPersonal
)

// Rule is what a method declares of those who call it.
type Rule struct {
	// Permission is what a caller needs, such as survey.responses.submit.
	Permission string
	// Resource is the path of the request field that names what is acted on; empty when that is the organisation.
	Resource string
	Reach    Reach
	Audit    Audit
}

// The numbers of the fields of the option.
const (
	fieldPermission protowire.Number = 1
	fieldResource   protowire.Number = 2
	fieldReach      protowire.Number = 3
	fieldAudit      protowire.Number = 4
)

// ReadRule reads the rule that a method declares, by the number of the option: the kit of the platform does not depend on its generated code. A
// rule that is declared in parts only is returned as it is; New refuses it.
func ReadRule(md protoreflect.MethodDescriptor) (Rule, error) {
	opts := md.Options().ProtoReflect()
	rule, err := Rule{}, error(nil)
	opts.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Number() == OptionNumber && fd.Kind() == protoreflect.MessageKind && !fd.IsList() {
			rule, err = ruleOf(v.Message())
			return false
		}
		return true
	})
	if err != nil || rule != (Rule{}) {
		return rule, err
	}
	// Where the option's Go code is not linked in, the option is an unknown field.
	return parseRule(opts.GetUnknown())
}

// ruleOf reads the option by reflection.
func ruleOf(m protoreflect.Message) (Rule, error) {
	var r Rule
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Number() == fieldPermission && fd.Kind() == protoreflect.StringKind:
			r.Permission = v.String()
		case fd.Number() == fieldResource && fd.Kind() == protoreflect.StringKind:
			r.Resource = v.String()
		case fd.Number() == fieldReach && fd.Kind() == protoreflect.EnumKind:
			r.Reach = reachOf(uint64(v.Enum()))
		case fd.Number() == fieldAudit && fd.Kind() == protoreflect.EnumKind:
			r.Audit = auditOf(uint64(v.Enum()))
		}
		return true
	})
	return r, unknownParts(m.GetUnknown())
}

// unknownParts refuses what the option says beyond what is known here: it might be a restriction.
func unknownParts(b []byte) error {
	if len(b) > 0 {
		return errors.New("the access option has parts that this server does not know")
	}
	return nil
}

// parseRule finds the option among the unknown fields of method options.
func parseRule(b []byte) (Rule, error) {
	var r Rule
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return Rule{}, protowire.ParseError(n)
		}
		b = b[n:]
		if num == OptionNumber && typ == protowire.BytesType {
			body, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return Rule{}, protowire.ParseError(n)
			}
			if err := r.parse(body); err != nil {
				return Rule{}, err
			}
		}
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return Rule{}, protowire.ParseError(n)
		}
		b = b[n:]
	}
	return r, nil
}

// parse adds the fields of an encoded option.
func (r *Rule) parse(b []byte) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		switch {
		case typ == protowire.BytesType && (num == fieldPermission || num == fieldResource):
			var v []byte
			if v, n = protowire.ConsumeBytes(b); n < 0 {
				return protowire.ParseError(n)
			}
			if !utf8.Valid(v) {
				return errors.New("the access option is not UTF-8")
			}
			if num == fieldPermission {
				r.Permission = string(v)
			} else {
				r.Resource = string(v)
			}
		case typ == protowire.VarintType && (num == fieldReach || num == fieldAudit):
			var v uint64
			if v, n = protowire.ConsumeVarint(b); n < 0 {
				return protowire.ParseError(n)
			}
			if num == fieldReach {
				r.Reach = reachOf(v)
			} else {
				r.Audit = auditOf(v)
			}
		default:
			return fmt.Errorf("the access option has a field %d that this server does not know", num)
		}
		b = b[n:]
	}
	return nil
}

// reachOf is undeclared for a number that this server does not know.
func reachOf(v uint64) Reach {
	if v > uint64(ReachAny) {
		return ReachUndeclared
	}
	return Reach(v)
}

// auditOf is undeclared for a number that this server does not know.
func auditOf(v uint64) Audit {
	if v > uint64(AuditPersonal) {
		return AuditUndeclared
	}
	return Audit(v)
}
