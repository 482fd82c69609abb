package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/comment/internal/peers"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// TestTestimonialFlow chooses, publishes and takes back; what is shown outside needs the consent each time.
func TestTestimonialFlow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.add(t, f.comment("r1", "not glad at all, but the queue was short", store.Positive), f.comment("r2", "bad queue", store.Negative), f.comment("r3", "good queue", store.Positive),
		f.comment("r4", "fine queue", store.Positive))
	f.consents["acme surveys/s/responses/r3"] = "consents/c3"
	client := commentv1.NewTestimonialServiceClient(f.as("admin"))
	create := func(id, response, text string, uses ...commentv1.Testimonial_Use) (*commentv1.Testimonial, error) {
		r, err := client.CreateTestimonial(t.Context(), &commentv1.CreateTestimonialRequest{
			TestimonialId: id, Testimonial: &commentv1.Testimonial{Comment: fmt.Sprintf(whyOf, response), Text: text, Uses: uses},
		})
		return r.GetTestimonial(), err
	}
	const advantage, thanks = commentv1.Testimonial_USE_ADVANTAGE, commentv1.Testimonial_USE_THANKS
	candidates := func(filter *commentv1.CommentFilter) (names []string) {
		return pages(t, func(token string) (names []string, next string, err error) {
			r, err := client.ListTestimonialCandidates(t.Context(), &commentv1.ListTestimonialCandidatesRequest{PageSize: 1, PageToken: token, Filter: filter})
			for _, c := range r.GetCandidates() {
				names = append(names, c.GetComment().GetName())
				if c.GetPublicationConsent() != strings.Contains(c.GetComment().GetName(), "/r3/") {
					t.Errorf("%v", c)
				}
			}
			return names, r.GetNextPageToken(), err
		})
	}
	for _, filter := range []*commentv1.CommentFilter{nil, {Query: "queue"}} {
		if got := candidates(filter); len(got) != 3 || got[0] != fmt.Sprintf(whyOf, "r4") {
			t.Errorf("%v: %v", filter, got)
		}
	}
	_, err := client.ListTestimonialCandidates(t.Context(), &commentv1.ListTestimonialCandidatesRequest{
		Filter: &commentv1.CommentFilter{Sentiment: commentv1.Sentiment_SENTIMENT_NEGATIVE},
	})
	refused(t, "candidates that blame", err, codes.InvalidArgument, "FILTER_INVALID", "filter.sentiment")
	for _, c := range []struct {
		response, text string
		use            commentv1.Testimonial_Use
		code           codes.Code
		reason, field  string
	}{
		{"r2", "", thanks, codes.FailedPrecondition, "TESTIMONIAL_NOT_POSITIVE", ""}, {"r9", "", thanks, codes.NotFound, "COMMENT_NOT_FOUND", ""},
		{"r1", "", advantage, codes.FailedPrecondition, "CONSENT_MISSING", ""}, {"r3", "the best queue", thanks, codes.InvalidArgument, "TESTIMONIAL_TEXT", "testimonial.text"},
		{"r1", "lad at all", thanks, codes.InvalidArgument, "TESTIMONIAL_TEXT", "testimonial.text"}, {"r3", "", 0, codes.InvalidArgument, "VALIDATION_FAILED", "testimonial.uses[0]"},
	} {
		_, err := create("x", c.response, c.text, c.use)
		refused(t, c.response+" "+c.text, err, c.code, c.reason, c.field)
	}
	made, err := create("t3", "r3", "", thanks, advantage)
	if err != nil || made.GetConsent() != "consents/c3" || made.GetText() != "good queue" || made.GetState() != commentv1.Testimonial_STATE_DRAFT || made.GetCreator() != "boss" {
		t.Fatalf("%v, %v", made, err)
	}
	_, err = create("t9", "r3", "", thanks)
	refused(t, "the same comment", err, codes.AlreadyExists, "TESTIMONIAL_EXISTS", "testimonial_id")
	if got, err := create("", "r1", "the queue … short", thanks); err != nil || got.GetConsent() != "" || got.GetName() == "testimonials/" {
		t.Errorf("%v, %v", got, err)
	}
	if got := candidates(nil); len(got) != 1 {
		t.Errorf("%v", got)
	}
	publish := func() (*commentv1.Testimonial, error) {
		r, err := client.PublishTestimonial(t.Context(), &commentv1.PublishTestimonialRequest{Name: "testimonials/t3"})
		return r.GetTestimonial(), err
	}
	delete(f.consents, "acme surveys/s/responses/r3")
	_, err = publish()
	refused(t, "the consent ended", err, codes.FailedPrecondition, "CONSENT_MISSING", "")
	f.err = fmt.Errorf("ask for it: %w", peers.ErrUnavailable)
	_, err = publish()
	refused(t, "nobody can be asked", err, codes.Unavailable, "SURVEY_SERVICE_UNAVAILABLE", "")
	f.err = nil
	f.consents["acme surveys/s/responses/r3"] = "consents/c4"
	for range 2 { // a second time changes nothing
		if got, err := publish(); err != nil || got.GetState() != commentv1.Testimonial_STATE_PUBLISHED || got.GetConsent() != "consents/c4" || got.GetPublishTime() == nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	_, err = commentv1.NewTestimonialServiceClient(f.as("other")).WithdrawTestimonial(t.Context(), &commentv1.WithdrawTestimonialRequest{Name: "testimonials/t3"})
	refused(t, "another organisation", err, codes.NotFound, "TESTIMONIAL_NOT_FOUND", "")
	if got, err := client.WithdrawTestimonial(t.Context(), &commentv1.WithdrawTestimonialRequest{Name: "testimonials/t3"}); err != nil || got.GetTestimonial().GetWithdrawTime() == nil {
		t.Errorf("%v, %v", got, err)
	}
	_, err = publish()
	refused(t, "taken back", err, codes.FailedPrecondition, "TESTIMONIAL_STATE", "")
	all := pages(t, func(token string) (names []string, next string, err error) {
		r, err := client.ListTestimonials(t.Context(), &commentv1.ListTestimonialsRequest{PageSize: 1, PageToken: token})
		for _, x := range r.GetTestimonials() {
			names = append(names, x.GetName())
		}
		return names, r.GetNextPageToken(), err
	})
	if len(all) != 2 {
		t.Errorf("%v", all)
	}
	got, err := client.ListTestimonials(t.Context(), &commentv1.ListTestimonialsRequest{State: commentv1.Testimonial_STATE_WITHDRAWN, Use: advantage})
	if err != nil || len(got.GetTestimonials()) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	// Words that were forgotten cannot be shown.
	if _, err := f.store.ForgetWords(t.Context(), noon.Add(24*time.Hour), 100); err != nil {
		t.Fatal(err)
	}
	_, err = create("t4", "r4", "", thanks)
	refused(t, "without words", err, codes.FailedPrecondition, "ORIGINAL_DESTROYED", "")
}
