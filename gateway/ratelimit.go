package gateway

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/interceptor/ratelimit"
)

// Headers that tell a client of its limits: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
const (
	headerLimit       = "RateLimit"
	headerLimitPolicy = "RateLimit-Policy"
)

// limits are the answer to how much a caller may still call, by one bound.
type limits struct {
	limit, remaining, reset uint64
	scope                   string
}

// parseLimits reads the metadata of a service, `limit;remaining;reset-seconds;scope`; false for what is not in their form.
func parseLimits(text string) (limits, bool) {
	parts := strings.Split(text, ";")
	if len(parts) != 4 || !isToken(parts[3]) {
		return limits{}, false
	}
	var numbers [3]uint64
	for i := range numbers {
		n, err := strconv.ParseUint(parts[i], 10, 53)
		if err != nil {
			return limits{}, false
		}
		numbers[i] = n
	}
	return limits{numbers[0], numbers[1], numbers[2], parts[3]}, true
}

// isToken tells whether a text can stand within quotes of a header as it is.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// sayLimits puts what a service said of limits into the headers of the answer.
func (x *exchange) sayLimits(md metadata.MD) {
	values := md[ratelimit.MetadataRateLimit]
	if len(values) == 0 {
		return
	}
	var policies, states []string
	for _, value := range values {
		if l, ok := parseLimits(value); ok {
			name := `"` + l.scope + `"`
			policies = append(policies, name+";q="+strconv.FormatUint(l.limit, 10))
			states = append(states, name+";r="+strconv.FormatUint(l.remaining, 10)+";t="+strconv.FormatUint(l.reset, 10))
		}
	}
	if len(policies) > 0 {
		h := x.Header()
		h[headerLimitPolicy], h[headerLimit] = []string{strings.Join(policies, ", ")}, []string{strings.Join(states, ", ")}
	}
}

// forwardLimits tells the limits of a call that succeeded.
func forwardLimits(ctx context.Context, w http.ResponseWriter, message proto.Message) error {
	if message == nil {
		// The start of a stream, which has said them itself.
		return nil
	}
	if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
		w.(*exchange).sayLimits(md.HeaderMD)
	}
	return nil
}

type exchangeKey struct{}

// withExchange lets what happens within a call reach the answer.
func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}
