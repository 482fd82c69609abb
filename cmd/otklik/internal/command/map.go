package command

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// NewMapCommand returns `otklik map`.
func NewMapCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "map --survey SURVEY",
		Short: "Write locations with their scores and lights as GeoJSON",
		Long: `Write the locations of the directory with their scores, intervals and lights as GeoJSON (RFC 7946), for maps and geographic information systems. With --zoom, those
that would lie upon each other are put together, and score together. What has no place on the map is told under "remainder".`,
		Example: `  otklik map --survey checkout -o stores.geojson
  otklik map --survey checkout --metric csat --bounds 69.2,39.1,80.3,43.3 --zoom 6`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	a := &analysisFlags{}
	a.add(cmd.Flags())
	var metric, question, bounds, output string
	var zoom int32
	var overwrite bool
	cmd.Flags().StringVar(&metric, "metric", "", "what is shown: "+names("", "MAP_METRIC_", reportingv1.MapMetric(0).Descriptor())+" (default: nps where the survey asks for it)")
	cmd.Flags().StringVar(&question, "question", "", "the question (default: the first that fits)")
	cmd.Flags().StringVar(&bounds, "bounds", "", "only what lies there: WEST,SOUTH,EAST,NORTH in degrees")
	cmd.Flags().Int32Var(&zoom, "zoom", 0, "zoom of a web map at which locations are put together, 0 to 22 (default: they are not)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "write over a file that exists")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := a.query()
		if err != nil {
			return err
		}
		number, err := value("metric", "MAP_METRIC_", metric, reportingv1.MapMetric(0).Descriptor())
		if err != nil {
			return err
		}
		req := &reportingv1.QueryMapRequest{Query: query, Metric: reportingv1.MapMetric(number), Question: question}
		if req.Bounds, err = parseBounds(bounds); err != nil {
			return err
		}
		if cmd.Flags().Changed("zoom") {
			req.Zoom = &zoom
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Overview.QueryMap(ctx, req)
			if err != nil {
				return fmt.Errorf("map: %w", err)
			}
			return c.writeWhole(output, overwrite, func(w io.Writer) error {
				raw, err := encode(got)
				if err != nil {
					return err
				}
				_, err = w.Write(append(raw, '\n'))
				return err
			})
		})
	})
	return cmd
}

// parseBounds reads WEST,SOUTH,EAST,NORTH; nil for the empty text.
func parseBounds(text string) (*reportingv1.MapBounds, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ",")
	edges := make([]float64, 4)
	if len(parts) != len(edges) {
		return nil, exit.Usagef("--bounds: %q is not WEST,SOUTH,EAST,NORTH, for example 69.2,39.1,80.3,43.3", text)
	}
	for i, part := range parts {
		degrees, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return nil, exit.Usagef("--bounds: %q is no number of degrees", part)
		}
		edges[i] = degrees
	}
	return &reportingv1.MapBounds{West: edges[0], South: edges[1], East: edges[2], North: edges[3]}, nil
}
