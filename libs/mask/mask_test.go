package mask_test

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/typepb"

	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
)

var mutable = []string{"name", "fields"}

func TestChanged(t *testing.T) {
	t.Parallel()
	in := &typepb.Type{Name: "n", Edition: "e"}
	for name, c := range map[string]struct {
		mask *fieldmaskpb.FieldMask
		want []string
	}{
		"without a mask what is set": {nil, []string{"name"}},
		"what the mask names":        {&fieldmaskpb.FieldMask{Paths: []string{"fields"}}, []string{"fields"}},
		"everything that can be":     {&fieldmaskpb.FieldMask{Paths: []string{"*"}}, mutable},
		"an empty mask is like none": {&fieldmaskpb.FieldMask{}, []string{"name"}},
	} {
		if got, err := mask.Changed(c.mask, in, mutable); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	var none *typepb.Type
	if got, err := mask.Changed(nil, none, mutable); err != nil || len(got) != 0 {
		t.Errorf("of no message: %v, %v", got, err)
	}
	_, err := mask.Changed(&fieldmaskpb.FieldMask{Paths: []string{"name", "edition"}}, in, mutable)
	if e, ok := rpcerr.FromError(err); !ok || e.Code != codes.InvalidArgument || len(e.Fields) != 1 || e.Fields[0].Field != "update_mask.paths[1]" {
		t.Errorf("a field that cannot be changed: %v", err)
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	under := &typepb.Type{Name: "old", Edition: "kept", Oneofs: []string{"x"}}
	mask.Overlay(under, &typepb.Type{Name: "new", Edition: "not named"}, []string{"name", "oneofs"})
	if under.GetName() != "new" || under.GetEdition() != "kept" || len(under.GetOneofs()) != 0 {
		t.Errorf("got %v", under)
	}
}
