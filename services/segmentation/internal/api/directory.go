package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/profile"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// touchpointsCollection is that of resource names.
const touchpointsCollection = "touchpoints/"

// collections are those of the kinds of things.
var collections = map[attribute.Kind]string{
	attribute.Company: companiesCollection, attribute.Contact: contactsCollection, attribute.Location: locationsCollection,
	attribute.Employee: employeesCollection, attribute.Touchpoint: touchpointsCollection, attribute.Region: regionsCollection,
}

// parseRef takes a unit out of its name; nothing out of an empty one.
func parseRef(field, name string) (directory.Ref, error) {
	if name == "" {
		return directory.Ref{}, nil
	}
	for kind, collection := range collections {
		if id, ok := strings.CutPrefix(name, collection); ok && kind != attribute.Contact && id != "" && !strings.Contains(id, "/") {
			return directory.Ref{Kind: kind, ID: id}, nil
		}
	}
	return directory.Ref{}, validation.Malformed(field, "NAME_MALFORMED", "must have the form companies/{id}, locations/{id}, employees/{id}, touchpoints/{id} or regions/{id}")
}

// nameOf is the resource name of a unit that may be none.
func nameOf(ref directory.Ref) string { return named(collections[ref.Kind], ref.ID) }

// register puts and reads contacts with what is personal of them.
func (s *Server) register() *profile.Register {
	return &profile.Register{Store: s.Store, Keeper: s.Keeper}
}

// attributesOf are the declarations of a kind.
func (s *Server) attributesOf(ctx context.Context, org string, kind attribute.Kind) (attribute.Set, error) {
	all, err := s.Store.ListAttributes(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	return attribute.Of(all, kind), nil
}

// directoryError explains what a change was refused for, with the fields below a parent. Other errors pass.
func directoryError(parent string, err error) error {
	var errs []error
	for _, refusal := range directory.Refusals(err) {
		code := codes.InvalidArgument
		switch refusal.Reason {
		case directory.ParentUnknown, directory.Circular, directory.Merged, directory.MoveInvalid:
			code = codes.FailedPrecondition
		case directory.IdentityTaken:
			code = codes.AlreadyExists
		}
		field := refusal.Field
		if parent != "" {
			field = parent + "." + field
		}
		errs = append(errs, refuseField(code, reasonNamed(string(refusal.Reason)), field, refusal.Description))
	}
	if len(errs) == 0 {
		return err
	}
	return together(errs...)
}

// reasonNamed is the reason of the API of a name.
func reasonNamed(name string) segmentationv1.ErrorReason {
	return segmentationv1.ErrorReason(segmentationv1.ErrorReason_value["ERROR_REASON_"+name])
}

// attributeChanges are changes of values of attributes.
type attributeChanges struct {
	set   attribute.Values
	unset map[uint32]bool
	// whole tells that what is not set goes.
	whole bool
}

// mostValues is how many values a thing has at most.
const mostValues = 100

// apply changes values, and drops those whose declaration is gone.
func (c attributeChanges) apply(p attribute.Packed, declared attribute.Set) attribute.Packed {
	if c.whole {
		return c.set.Pack()
	}
	numbers := declared.ByNumber()
	return p.With(c.set, c.unset, func(n uint32) bool {
		_, there := numbers[n]
		return there
	})
}

// readAttributes reads values of attributes: those of keys, or all when there are no keys. Its error names each value that is refused.
func readAttributes(declared attribute.Set, parent string, in map[string]*structpb.Value, keys []string) (attributeChanges, error) {
	out := attributeChanges{set: attribute.Values{}, unset: map[uint32]bool{}, whole: keys == nil}
	if keys == nil {
		for key := range in {
			keys = append(keys, key)
		}
		slices.Sort(keys)
	}
	if len(keys) > mostValues {
		return out, validation.Malformed(parent, "TOO_MANY", "has more than 100 values")
	}
	var errs []error
	for _, key := range keys {
		d, err := declared.Find(key)
		if err != nil {
			errs = append(errs, attributeError(parent+"."+key, err))
			continue
		}
		value, there := in[key]
		if !there {
			out.unset[d.Number] = true
			continue
		}
		v, none, err := valueFromProto(d, value)
		switch {
		case err != nil:
			errs = append(errs, attributeError(parent+"."+key, err))
		case none:
			out.unset[d.Number] = true
		default:
			out.set[d.Number] = v
		}
	}
	return out, together(errs...)
}

// attributeError explains an *attribute.Refusal.
func attributeError(field string, err error) error {
	var refusal *attribute.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return refuseField(codes.InvalidArgument, reasonNamed(string(refusal.Reason)), field, refusal.Description)
}

// valueFromProto reads a value; none tells that it is null. Errors: *attribute.Refusal.
func valueFromProto(d attribute.Definition, in *structpb.Value) (v attribute.Value, none bool, err error) {
	switch k := in.GetKind().(type) {
	case *structpb.Value_NumberValue:
		v, err = d.OfNumber(k.NumberValue)
	case *structpb.Value_StringValue:
		v, err = d.Text(k.StringValue)
	case *structpb.Value_BoolValue:
		v, err = d.OfBool(k.BoolValue)
	case *structpb.Value_NullValue:
		none = true
	default:
		err = &attribute.Refusal{Reason: attribute.WrongType, Description: "must be a " + d.Type.String() + ", not a list or an object"}
	}
	return v, none, err
}

// attributesToProto are values by the keys of their declarations.
func attributesToProto(declared attribute.Set, p attribute.Packed) map[string]*structpb.Value {
	if len(p) == 0 {
		return nil
	}
	numbers := declared.ByNumber()
	out := map[string]*structpb.Value{}
	for n, v := range p.All() {
		d, there := numbers[n]
		switch {
		case !there:
		case v.Type == attribute.Number:
			out[d.Key] = structpb.NewNumberValue(v.Number)
		case v.Type == attribute.Bool:
			out[d.Key] = structpb.NewBoolValue(v.Number != 0)
		default:
			out[d.Key] = structpb.NewStringValue(v.String())
		}
	}
	return out
}

// wantedValues are the values of a filter, each as key=value.
func wantedValues(declared attribute.Set, in []string) (attribute.Values, error) {
	out := attribute.Values{}
	for i, wanted := range in {
		key, text, _ := strings.Cut(wanted, "=")
		field := "attributes[" + strconv.Itoa(i) + "]"
		d, err := declared.Find(key)
		if err != nil {
			return nil, attributeError(field, err)
		}
		if out[d.Number], err = d.Parse(text); err != nil {
			return nil, attributeError(field, err)
		}
	}
	return out, nil
}

// hasAll tells whether a thing has all of some values.
func hasAll(p attribute.Packed, wanted attribute.Values) bool {
	for n, v := range wanted {
		if have, there := p.Get(n); !there || have != v {
			return false
		}
	}
	return true
}

// splitMask divides the paths of a mask into fields and keys of attributes; whole tells that there are none of the latter.
func splitMask(paths []string) (fields, keys []string) {
	for _, p := range paths {
		if key, ok := strings.CutPrefix(p, "attributes."); ok {
			keys = append(keys, key)
		} else {
			fields = append(fields, p)
		}
	}
	return fields, keys
}

// batchError is an error of one request of a batch, as its outcome; false when it is one of the whole call.
func batchError(err error) (*rpcerr.Error, bool) {
	var known *rpcerr.Error
	if !errors.As(err, &known) || known.Code == codes.Unavailable {
		return nil, false
	}
	return known, true
}

// walkedAtOnce is how many things a page of a list that is filtered looks at.
const walkedAtOnce = 10_000

// walk reads a page of things that fit, which pages of all things are looked through for. see tells where a thing is, and whether it fits.
func walk[T any](p pageRequest[string], list func(after string, limit int) ([]T, bool, error), see func(T) (at string, fits bool)) (out []T, token string, err error) {
	after, limit := p.cursor, p.size
	for walked, more := 0, true; more; {
		var some []T
		if some, more, err = list(after, limit); err != nil {
			return nil, "", storeError(err)
		}
		for i, thing := range some {
			var fits bool
			if after, fits = see(thing); !fits {
				continue
			}
			if out = append(out, thing); len(out) == p.size {
				return out, p.next(more || i < len(some)-1, after), nil
			}
		}
		if walked += len(some); walked >= walkedAtOnce {
			return out, p.next(more, after), nil
		}
		limit = walkedAtOnce / 10
	}
	return out, "", nil
}

// outcomeError explains the outcome of a change of something.
func outcomeError(parent, name string, err error, missing segmentationv1.ErrorReason, what string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return notFound(missing, what, name)
	case errors.Is(err, store.ErrChanged):
		return etagMismatch(parent + ".etag")
	}
	return storeError(directoryError(parent, err))
}
