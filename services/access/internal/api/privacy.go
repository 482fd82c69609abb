package api

import accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"

// privacyServer serves PrivacyService.
type privacyServer struct {
	accessv1.UnimplementedPrivacyServiceServer
	*Server
}
