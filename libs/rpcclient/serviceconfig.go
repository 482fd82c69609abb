package rpcclient

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Retries bridge the loss of one of several servers, and a gap of a second and a half in which there is none. They are not for outages: who
// waits for an answer is better told soon that there is none. For the same reason no call waits for a connection to become ready.
const (
	retryAttempts   = 5
	retryBackoff    = "0.15s"
	retryMaxBackoff = "1s"
	retryMultiplier = 2
	// A connection that dies takes all calls on it along. Half of the tokens are for their retries; beyond, a call is retried only while at
	// least as many succeed as fail, so that retries never keep a server down that is overwhelmed.
	throttleTokens = 1000
	throttleRatio  = 1
	// maxRetriedBytes is the largest request that is kept for a retry: the largest that a server takes.
	maxRetriedBytes = 16 << 20
)

// The service configuration in gRPC's terms: https://github.com/grpc/grpc/blob/master/doc/service_config.md
type (
	serviceConfig struct {
		LoadBalancing []map[string]struct{} `json:"loadBalancingConfig"`
		Methods       []methodConfig        `json:"methodConfig,omitempty"`
		Throttling    retryThrottling       `json:"retryThrottling"`
	}
	methodConfig struct {
		Names []methodName `json:"name"`
		Retry retryPolicy  `json:"retryPolicy"`
	}
	methodName struct {
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	retryPolicy struct {
		MaxAttempts int      `json:"maxAttempts"`
		Backoff     string   `json:"initialBackoff"`
		MaxBackoff  string   `json:"maxBackoff"`
		Multiplier  float64  `json:"backoffMultiplier"`
		Codes       []string `json:"retryableStatusCodes"`
	}
	retryThrottling struct {
		MaxTokens  int     `json:"maxTokens"`
		TokenRatio float64 `json:"tokenRatio"`
	}
)

// newServiceConfig spreads calls over all addresses and retries those of the methods, which may be repeated, when no server could be reached or the connection
// was lost. Servers are not taken out by their own word (health checks of the client): one that stops says so by closing its connections in good
// order, and when the store behind all of them is away, its reason is worth more to the caller than that nobody is there.
func newServiceConfig(names []methodName) (string, error) {
	c := serviceConfig{
		LoadBalancing: []map[string]struct{}{{"round_robin": {}}},
		Throttling:    retryThrottling{MaxTokens: throttleTokens, TokenRatio: throttleRatio},
	}
	if len(names) > 0 {
		c.Methods = []methodConfig{{Names: names, Retry: retryPolicy{
			MaxAttempts: retryAttempts, Backoff: retryBackoff, MaxBackoff: retryMaxBackoff, Multiplier: retryMultiplier, Codes: []string{"UNAVAILABLE"},
		}}}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write service configuration: %w", err)
	}
	return string(text), nil
}

// repeatable lists the methods that say in their proto files (idempotency_level) that it does no harm to send them twice.
func repeatable(files *protoregistry.Files) []methodName {
	var names []methodName
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				m := methods.Get(j)
				options, ok := m.Options().(*descriptorpb.MethodOptions)
				if ok && options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN {
					names = append(names, methodName{Service: string(m.Parent().FullName()), Method: string(m.Name())})
				}
			}
		}
		return true
	})
	return names
}
