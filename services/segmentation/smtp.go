package segmentation

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/services/segmentation/internal/digest"
)

// checkPublicURL refuses an address of the app that is none.
func checkPublicURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.HasSuffix(address, "/") {
		return fmt.Errorf("check public_url: %q is not an address such as https://otklik.example", address)
	}
	return nil
}

// countDigests counts what becomes of attempts to send digests; nil meters count nothing.
func countDigests(meters metric.MeterProvider) (func(context.Context, digest.State), error) {
	if meters == nil {
		return nil, nil
	}
	counter, err := meters.Meter(component).Int64Counter("otklik.digests.deliveries", metric.WithUnit("{message}"),
		metric.WithDescription("Attempts to send digests by e-mail, by outcome: sent, retried (to be sent again) or failed (given up)."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	outcomes := map[digest.State]string{digest.Sent: "sent", digest.Pending: "retried", digest.Failed: "failed"}
	// Shown from the start.
	for _, outcome := range outcomes {
		counter.Add(context.Background(), 0, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
	return func(ctx context.Context, state digest.State) {
		counter.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcomes[state])))
	}, nil
}
