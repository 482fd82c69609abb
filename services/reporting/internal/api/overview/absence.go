package overview

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// failed says why what another service knows is missing.
func failed(part reportingv1.OverviewPart, subject string, err error) *reportingv1.OverviewAbsence {
	var said *peers.Refusal
	switch {
	case !errors.As(err, &said):
		return absence(part, subject, reportingv1.OverviewAbsence_REASON_UNAVAILABLE, "the service that knows did not answer: ask again")
	case said.Cause.Code == codes.PermissionDenied:
		return absence(part, subject, reportingv1.OverviewAbsence_REASON_NOT_PERMITTED, "%s", said.Cause.Message)
	case said.Cause.Code == codes.FailedPrecondition:
		return absence(part, subject, reportingv1.OverviewAbsence_REASON_NO_ANSWERS, "%s", said.Cause.Message)
	}
	return absence(part, subject, reportingv1.OverviewAbsence_REASON_REFUSED, "%s", said.Cause.Message)
}

// missing puts down that a part is missing. It returns the error of a call that has ended: nobody waits for the rest.
func (a *answer) missing(ctx context.Context, part reportingv1.OverviewPart, subject string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a.put(func(o *reportingv1.Overview) { o.Absences = append(o.Absences, failed(part, subject, err)) })
	return nil
}

// sortAbsences brings absences into an order that does not depend on who answered first.
func sortAbsences(a []*reportingv1.OverviewAbsence) {
	slices.SortFunc(a, func(a, b *reportingv1.OverviewAbsence) int {
		return cmp.Or(cmp.Compare(a.GetPart(), b.GetPart()), cmp.Compare(a.GetSubject(), b.GetSubject()))
	})
}

// metricName and variantName are values of scores as their definitions write them; empty for none.
func metricName(m scoringv1.Metric) string {
	if m == scoringv1.Metric_METRIC_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(m.String(), "METRIC_")
}

func variantName(v scoringv1.Variant) string {
	if v == scoringv1.Variant_VARIANT_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(v.String(), "VARIANT_")
}
