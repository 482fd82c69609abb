package peers

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Words are the answers of a response with what was written in them; none when there is no such response any more. Errors: ErrUnavailable; ErrFault; ctx's.
func (c *Catalog) Words(ctx context.Context, organization, response string) ([]*surveyv1.Answer, error) {
	asked, cancel := context.WithTimeout(rpcclient.WithOrganization(ctx, organization), askTimeout)
	defer cancel()
	resp, err := c.client.GetResponse(asked, &surveyv1.GetResponseRequest{Name: response})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case rpcerr.Code(err) == codes.NotFound:
		// The removal follows.
		return nil, nil
	case err != nil:
		return nil, failure(response, err)
	}
	return resp.GetResponse().GetAnswers(), nil
}
