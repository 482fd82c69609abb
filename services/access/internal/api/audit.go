package api

import accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"

// auditServer serves AuditService.
type auditServer struct {
	accessv1.UnimplementedAuditServiceServer
	*Server
}
