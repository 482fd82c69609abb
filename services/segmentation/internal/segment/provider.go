package segment

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Row is what is known of one contact.
type Row interface {
	// Value is the value of the attribute at a place of the schema, of its type's Go type; false when it is not known.
	Value(at int) (any, bool)
}

// typePrefix begins the names of the types of groups.
const typePrefix = "otklik."

// errMissing is why a condition over what is not known has no outcome.
var errMissing = errors.New("the attribute has no value")

// provider tells CEL which attributes the groups have.
type provider struct {
	types.Provider
	schema *Schema
}

func typeOf(group string) *types.Type { return types.NewObjectType(typePrefix + group) }

// groupOf is the group whose type a type is; "" when it is none.
func groupOf(t *types.Type) string {
	if t.Kind() != types.StructKind {
		return ""
	}
	group, _ := strings.CutPrefix(t.TypeName(), typePrefix)
	return group
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	for _, g := range p.schema.groups {
		if name == typePrefix+g {
			return types.NewTypeTypeWithParam(typeOf(g)), true
		}
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	group, ok := strings.CutPrefix(name, typePrefix)
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	at, known := p.schema.Lookup(group + "." + field)
	if !known {
		return nil, false
	}
	return &types.FieldType{
		Type: p.schema.attributes[at].Type.celType(),
		IsSet: func(target any) bool {
			row, ok := target.(Row)
			if !ok {
				return false
			}
			_, set := row.Value(at)
			return set
		},
		GetFrom: func(target any) (any, error) {
			row, ok := target.(Row)
			if !ok {
				return nil, fmt.Errorf("%T is no row", target)
			}
			v, set := row.Value(at)
			if !set {
				return nil, errMissing
			}
			return v, nil
		},
	}, true
}

// NewValue implements types.Provider: rules make no contacts.
func (p *provider) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("%s cannot be made in a rule", name)
}

// object is a group of attributes of a row, as a value.
type object struct {
	row   Row
	group string
}

// ConvertToNative implements ref.Val.
func (o object) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is no value by itself", o.group)
}

// ConvertToType implements ref.Val.
func (o object) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("%s is no value by itself", o.group)
}

// Equal implements ref.Val.
func (o object) Equal(ref.Val) ref.Val { return types.NewErr("%s is no value by itself", o.group) }

// Type implements ref.Val.
func (o object) Type() ref.Type { return typeOf(o.group) }

// Value implements ref.Val.
func (o object) Value() any { return o.row }

// activation gives a program the row that it is evaluated for. One goroutine at a time uses it.
type activation struct {
	schema *Schema
	row    Row
	today  types.Timestamp
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	if name == today {
		return a.today, true
	}
	for _, g := range a.schema.groups {
		if g == name {
			return object{row: a.row, group: g}, true
		}
	}
	return nil, false
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// noRow is a row of which nothing is known.
type noRow struct{}

// Value implements Row.
func (noRow) Value(int) (any, bool) { return nil, false }

// dayOf is the beginning of the day of t.
func dayOf(t time.Time) types.Timestamp {
	return types.Timestamp{Time: t.UTC().Truncate(24 * time.Hour)}
}
