package api

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// What credentials are bound to, as in authn.Principal.Bound.
const (
	boundInvitation = "invitation"
	boundRespondent = "respondent"
)

// bindResponse holds a response to what the caller's credential is bound to and adds what that says. Whoever was invited gives one response, whose
// identifier is that of the invitation, so that it is stored once however often it is sent.
func bindResponse(ctx context.Context, req *surveyv1.SubmitResponseRequest) error {
	bound := boundOf(ctx)
	if bound == nil {
		return nil
	}
	if req.GetResponse() == nil {
		req.Response = &surveyv1.Response{}
	}
	return bind(bound, "response", req.GetResponseId(), &req.GetResponse().Invitation, &req.GetResponse().Respondent)
}

// bindRefusal is bindResponse for a refusal.
func bindRefusal(ctx context.Context, req *surveyv1.RecordRefusalRequest) error {
	bound := boundOf(ctx)
	if bound == nil {
		return nil
	}
	if req.GetRefusal() == nil {
		req.Refusal = &surveyv1.Refusal{}
	}
	return bind(bound, "refusal", req.GetRefusalId(), &req.GetRefusal().Invitation, &req.GetRefusal().Respondent)
}

func boundOf(ctx context.Context) map[string]string {
	p, _ := authn.FromContext(ctx)
	if len(p.Bound) == 0 {
		return nil
	}
	return p.Bound
}

func bind(bound map[string]string, base, id string, invitation, respondent *string) error {
	if want, ok := bound[boundInvitation]; ok {
		if id != want {
			return boundElsewhere(base+"_id", "must be the identifier of the invitation that the credential belongs to")
		}
		if *invitation != "" && *invitation != want {
			return boundElsewhere(base+".invitation", "must be empty or the invitation that the credential belongs to")
		}
		*invitation = want
	}
	if want, ok := bound[boundRespondent]; ok {
		if *respondent != "" && *respondent != want {
			return boundElsewhere(base+".respondent", "must be empty or the respondent that the credential belongs to")
		}
		*respondent = want
	}
	return nil
}

func boundElsewhere(field, description string) error {
	const reason = surveyv1.ErrorReason_ERROR_REASON_CREDENTIAL_BOUND
	return refuse(codes.PermissionDenied, reason, "the credential is bound to something else: "+field+" "+description,
		rpcerr.WithField(field, rpcerr.ReasonOf(reason), description))
}
