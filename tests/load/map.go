package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	"github.com/otklik/otklik/tests/harness"
)

// stores is the size of a great chain.
const stores = 20_000

// measureMap enters the stores of a great chain with answers in each, and measures how long maps of them take: the whole country, a town, and all without clusters.
func measureMap(ctx context.Context, s settings, r *report) (err error) {
	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	began := time.Now()
	if err := enterStores(ctx, suite, stores); err != nil {
		return err
	}
	r.tell(fmt.Sprintf("%d locations into the directory", stores), fmt.Sprintf("%.0f/s", stores/time.Since(began).Seconds()), "BatchUpdateUnits of 1,000")
	if err := loadAnswers(ctx, suite, s.answers, stores); err != nil {
		return err
	}
	if _, err := awaitCounted(ctx, suite, int64(s.answers)); err != nil {
		return err
	}
	for _, m := range []struct {
		name   string
		zoom   *int32
		bounds *reportingv1.MapBounds
		calls  int
	}{
		{"the whole country in clusters", new(int32(6)), nil, 100},
		{"a town", new(int32(13)), &reportingv1.MapBounds{West: 74.4, South: 42.7, East: 74.8, North: 43}, 100},
		{"every location by itself", nil, nil, 20},
	} {
		if err := timeMap(ctx, suite, r, s.answers, m.name, m.calls, &reportingv1.QueryMapRequest{
			Query: &reportingv1.AnalysisQuery{Survey: survey}, Zoom: m.zoom, Bounds: m.bounds,
		}); err != nil {
			return fmt.Errorf("map of %s: %w", m.name, err)
		}
	}
	return nil
}

// enterStores makes so many locations that answers name, spread over Kyrgyzstan as evenly as two irrational steps do.
func enterStores(ctx context.Context, suite *harness.Suite, stores int) error {
	client := segmentationv1.NewDirectoryServiceClient(suite.Conn(adminKey()))
	for first := 0; first < stores; first += batchSize {
		request := &segmentationv1.BatchUpdateUnitsRequest{}
		for k := first; k < first+batchSize; k++ {
			request.Requests = append(request.Requests, &segmentationv1.UpdateUnitRequest{AllowMissing: true, Unit: &segmentationv1.Unit{
				Name: fmt.Sprintf("locations/store-%d", k), DisplayName: fmt.Sprintf("Store %d", k),
				Location: &segmentationv1.LocationDetails{Coordinates: &segmentationv1.Coordinates{
					Latitude: 39.3 + 3.9*fraction(k, 0.7548776662), Longitude: 69.4 + 10.8*fraction(k, 0.5698402910),
				}},
			}})
		}
		response, err := client.BatchUpdateUnits(ctx, request)
		if err != nil {
			return fmt.Errorf("enter stores: %w", err)
		}
		for _, outcome := range response.GetOutcomes() {
			if outcome.GetUnit() == nil {
				return fmt.Errorf("a store was refused: %v", outcome.GetError())
			}
		}
	}
	return nil
}

// fraction is the part behind the point of k steps.
func fraction(k int, step float64) float64 {
	x := float64(k) * step
	return x - float64(int(x))
}

// timeMap asks for the same map again and again.
func timeMap(ctx context.Context, suite *harness.Suite, r *report, answers int, name string, calls int, request *reportingv1.QueryMapRequest) error {
	client := reportingv1.NewOverviewServiceClient(suite.Conn(adminKey()))
	var features int
	times, err := repeat(calls, func() error {
		response, err := client.QueryMap(ctx, request)
		features = len(response.GetFeatures())
		return err
	})
	if err != nil {
		return err
	}
	if features == 0 {
		return errors.New("it shows nothing")
	}
	r.tell("map over gRPC, "+name+", median and p99", milliseconds(times.quantile(0.5))+", "+milliseconds(times.quantile(0.99)),
		fmt.Sprintf("%d calls one after another, %d features, %d locations, %d responses stored", calls, features, stores, answers))
	return nil
}
