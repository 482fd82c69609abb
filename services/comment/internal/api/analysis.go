package api

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/comment/internal/analysis"
	"github.com/otklik/otklik/services/comment/internal/aspect"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// ModelCounts counts comments of an organisation by the model of their analysis; a store.Store does.
type ModelCounts interface {
	Models(ctx context.Context, organization string) (map[string]int64, error)
}

// OwnAspects gives the aspects of an organisation's own as they are now; nil when it has none.
type OwnAspects func(ctx context.Context, organization string) (*aspect.Custom, error)

// AnalysisOptions are what NewAnalysis works with.
type AnalysisOptions struct {
	// Analyzer analyses. Required.
	Analyzer *analysis.Analyzer
	// Card is the model card as Markdown.
	Card string
	// Own gives the aspects of an organisation's own; nil where no organisation has any.
	Own OwnAspects
	// Models counts comments by model; nil where no comments are kept.
	Models ModelCounts
	// PageTTL is how long page tokens are good for; 0 means page.DefaultTTL.
	PageTTL time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Analysis serves AnalysisService, which keeps nothing of what it is sent.
type Analysis struct {
	commentv1.UnimplementedAnalysisServiceServer
	o     AnalysisOptions
	pages page.Codec
	// scratches hold *analysis.Scratch.
	scratches sync.Pool
}

// NewAnalysis makes the server of AnalysisService.
func NewAnalysis(o AnalysisOptions) *Analysis {
	if o.Own == nil {
		o.Own = func(context.Context, string) (*aspect.Custom, error) { return nil, nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Analysis{
		o: o, pages: page.Codec{TTL: o.PageTTL, Now: o.Now},
		scratches: sync.Pool{New: func() any { return new(analysis.Scratch) }},
	}
}

// Register registers the service.
func (s *Analysis) Register(r grpc.ServiceRegistrar) { commentv1.RegisterAnalysisServiceServer(r, s) }

// borrow gives a scratch for one call, and gives it back.
func (s *Analysis) borrow() (*analysis.Scratch, func()) {
	scratch := s.scratches.Get().(*analysis.Scratch)
	return scratch, func() {
		scratch.Forget()
		s.scratches.Put(scratch)
	}
}

// own are the aspects of the caller's organisation.
func (s *Analysis) own(ctx context.Context) (*aspect.Custom, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	custom, err := s.o.Own(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	return custom, nil
}

// AnalyzeText analyses one text.
func (s *Analysis) AnalyzeText(ctx context.Context, req *commentv1.AnalyzeTextRequest) (*commentv1.AnalyzeTextResponse, error) {
	own, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	scratch, done := s.borrow()
	defer done()
	return s.analyze(scratch, own, req.GetText()), nil
}

func (s *Analysis) analyze(scratch *analysis.Scratch, own *aspect.Custom, text string) *commentv1.AnalyzeTextResponse {
	redacted, a := s.o.Analyzer.Analyze(scratch, text, own).ToStore()
	return &commentv1.AnalyzeTextResponse{RedactedText: redacted, Analysis: analysisToProto(a)}
}

// BatchAnalyzeTexts analyses texts.
func (s *Analysis) BatchAnalyzeTexts(ctx context.Context, req *commentv1.BatchAnalyzeTextsRequest) (*commentv1.BatchAnalyzeTextsResponse, error) {
	own, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	scratch, done := s.borrow()
	defer done()
	out := &commentv1.BatchAnalyzeTextsResponse{Results: make([]*commentv1.AnalyzeTextResponse, 0, len(req.GetTexts()))}
	for _, text := range req.GetTexts() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out.Results = append(out.Results, s.analyze(scratch, own, text))
	}
	return out, nil
}

// ownFresh is how long a stream goes on with the aspects that it found.
const ownFresh = 5 * time.Second

// StreamAnalyzeTexts analyses texts as they come.
func (s *Analysis) StreamAnalyzeTexts(stream grpc.BidiStreamingServer[commentv1.StreamAnalyzeTextsRequest, commentv1.StreamAnalyzeTextsResponse]) error {
	ctx := stream.Context()
	scratch, done := s.borrow()
	defer done()
	var own *aspect.Custom
	var asked time.Time
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if now := s.o.Now(); asked.IsZero() || now.Sub(asked) >= ownFresh {
			if own, err = s.own(ctx); err != nil {
				return err
			}
			asked = now
		}
		result := s.analyze(scratch, own, req.GetText())
		if err := stream.Send(&commentv1.StreamAnalyzeTextsResponse{RedactedText: result.GetRedactedText(), Analysis: result.GetAnalysis()}); err != nil {
			return err
		}
	}
}
