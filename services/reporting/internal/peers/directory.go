package peers

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Employees returns the employees of the directory that the caller sees, in order of their identifiers.
func (s *Segmentation) Employees(ctx context.Context) ([]*segmentationv1.Unit, error) {
	return s.units(ctx, segmentationv1.Unit_KIND_EMPLOYEE)
}

// Unit returns a unit of the directory by its name; nil when there is none that the caller sees.
func (s *Segmentation) Unit(ctx context.Context, name string) (*segmentationv1.Unit, error) {
	resp, err := s.directory.GetUnit(asCaller(ctx), &segmentationv1.GetUnitRequest{Name: name})
	err = failure(ctx, "get unit", err)
	var said *Refusal
	if errors.As(err, &said) && said.Cause.Code == codes.NotFound {
		return nil, nil
	}
	return resp.GetUnit(), err
}
