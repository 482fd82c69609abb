package api

import accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"

// webhookServer serves WebhookService.
type webhookServer struct {
	accessv1.UnimplementedWebhookServiceServer
	*Server
}
