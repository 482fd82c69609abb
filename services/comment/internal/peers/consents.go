package peers

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Consents asks the survey service who agrees to what. Safe for concurrent use.
type Consents struct {
	client surveyv1.SurveyServiceClient
}

// NewConsents makes consents. conn calls with the role service.
func NewConsents(conn grpc.ClientConnInterface) Consents {
	return Consents{surveyv1.NewSurveyServiceClient(conn)}
}

// Publication returns the consent, `consents/{consent}`, by which whoever gave a response agrees to publication now; empty when nobody does, nobody knows who
// gave it, or there is no such response any more. Errors: ErrUnavailable; ErrFault; ctx's.
func (c Consents) Publication(ctx context.Context, organization, response string) (string, error) {
	asked, cancel := context.WithTimeout(rpcclient.WithOrganization(ctx, organization), askTimeout)
	defer cancel()
	given, err := c.client.GetResponse(asked, &surveyv1.GetResponseRequest{Name: response})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case rpcerr.Code(err) == codes.NotFound:
		return "", nil
	case err != nil:
		return "", failure(response, err)
	case given.GetResponse().GetRespondent() == "":
		return "", nil
	}
	stands, err := c.client.QueryConsents(asked, &surveyv1.QueryConsentsRequest{Respondent: given.GetResponse().GetRespondent()})
	if err != nil {
		return "", failure("consents", err)
	}
	for _, s := range stands.GetStatuses() {
		if s.GetPurpose() == surveyv1.Purpose_PURPOSE_PUBLICATION && s.GetGranted() {
			return s.GetConsent().GetName(), nil
		}
	}
	return "", nil
}
