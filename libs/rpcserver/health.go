package rpcserver

import (
	"sync"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Names that health knows beside "" and the full names of the services, for probes.
const (
	// HealthLiveness is SERVING as long as the process answers at all. It depends on no store: killing a process does not bring one back.
	HealthLiveness = "liveness"
	// HealthReadiness is SERVING while calls should be sent here: from Start to Drain, and as SetServing says.
	HealthReadiness = "readiness"
	// HealthStartup is SERVING once the server has started.
	HealthStartup = "startup"
)

// healthState keeps what health says.
type healthState struct {
	server *health.Server

	mu       sync.Mutex
	services []string
	draining bool
}

func newHealthState() *healthState {
	h := &healthState{server: health.NewServer()}
	h.server.SetServingStatus(HealthLiveness, healthpb.HealthCheckResponse_SERVING)
	h.server.SetServingStatus(HealthStartup, healthpb.HealthCheckResponse_NOT_SERVING)
	h.set(healthpb.HealthCheckResponse_NOT_SERVING)
	return h
}

// started tells that the server with these services has started.
func (h *healthState) started(services []string) {
	h.mu.Lock()
	h.services = services
	h.mu.Unlock()
	h.server.SetServingStatus(HealthStartup, healthpb.HealthCheckResponse_SERVING)
	h.setServing(true)
}

// setServing tells whether calls should be sent here. Once the server drains, they should not.
func (h *healthState) setServing(serving bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.draining:
	case serving:
		h.set(healthpb.HealthCheckResponse_SERVING)
	default:
		h.set(healthpb.HealthCheckResponse_NOT_SERVING)
	}
}

// drain tells that no calls should be sent here any more.
func (h *healthState) drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	h.set(healthpb.HealthCheckResponse_NOT_SERVING)
}

// set changes all that depends on readiness, readiness itself first.
func (h *healthState) set(status healthpb.HealthCheckResponse_ServingStatus) {
	h.server.SetServingStatus(HealthReadiness, status)
	h.server.SetServingStatus("", status)
	for _, name := range h.services {
		h.server.SetServingStatus(name, status)
	}
}
