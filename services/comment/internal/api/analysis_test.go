package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/services/comment/internal/analysis"
	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/model"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// models are those that the service is built with.
var models = sync.OnceValues(model.Load)

// anyone lets everybody in as somebody of an organisation.
type anyone struct{}

func (anyone) Authenticate(context.Context, authn.Credential) (authn.Principal, error) {
	return authn.Principal{ID: "k", Organization: "org", Roles: []string{"all"}}, nil
}

// analysisClient serves AnalysisService in this process, with the chain of steps that every call passes.
func analysisClient(t *testing.T, o AnalysisOptions) commentv1.AnalysisServiceClient {
	t.Helper()
	m, err := models()
	if err != nil {
		t.Fatal(err)
	}
	o.Analyzer, o.Card = analysis.New(m), m.Card
	server, err := rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Keys: anyone{}, Roles: map[string][]string{"all": {"*"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	NewAnalysis(o).Register(server)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return commentv1.NewAnalysisServiceClient(server.InProcess())
}

// part is what stands in a span of a text.
func part(text string, span *commentv1.TextSpan) string {
	return string([]rune(text)[span.GetStart():span.GetEnd()])
}

func TestAnalyzeText(t *testing.T) {
	t.Parallel()
	client := analysisClient(t, AnalysisOptions{})
	got, err := client.AnalyzeText(t.Context(), &commentv1.AnalyzeTextRequest{Text: "Персонал вежливый, но цены высокие. Мой номер +996 555 000 123 👍"})
	if err != nil {
		t.Fatal(err)
	}
	a, text := got.GetAnalysis(), got.GetRedactedText()
	if text != "Персонал вежливый, но цены высокие. Мой номер [PHONE] 👍" {
		t.Errorf("%s", text)
	}
	if a.GetLanguage() != commentv1.Language_LANGUAGE_RU || a.GetLanguageVariety() != "ru" || a.GetSentiment() != commentv1.Sentiment_SENTIMENT_MIXED || !strings.HasPrefix(a.GetModel(), "models/") {
		t.Errorf("%v", a)
	}
	if len(a.GetRedactions()) != 1 || part(text, a.GetRedactions()[0].GetSpan()) != "[PHONE]" || a.GetRedactions()[0].GetKind() != commentv1.PersonalData_PERSONAL_DATA_PHONE {
		t.Errorf("%v", a.GetRedactions())
	}
	said := map[string]string{}
	for _, m := range a.GetAspects() {
		said[m.GetAspect()] = m.GetSentiment().String() + " " + part(text, m.GetEvidence())
	}
	want := map[string]string{"aspects/staff": "SENTIMENT_POSITIVE Персонал вежливый", "aspects/price": "SENTIMENT_NEGATIVE но цены высокие"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	t.Parallel()
	client := analysisClient(t, AnalysisOptions{})
	for name, text := range map[string]string{"empty": "", "too long": strings.Repeat("a", 100_001), "no UTF-8": "\xff"} {
		if _, err := client.AnalyzeText(t.Context(), &commentv1.AnalyzeTextRequest{Text: text}); rpcerr.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.AnalyzeText(t.Context(), &commentv1.AnalyzeTextRequest{Text: strings.Repeat("a", 100_000)}); err != nil {
		t.Error(err)
	}
	if _, err := client.BatchAnalyzeTexts(t.Context(), &commentv1.BatchAnalyzeTextsRequest{Texts: make([]string, 1001)}); rpcerr.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
}

func TestBatchAnalyzeTexts(t *testing.T) {
	t.Parallel()
	client := analysisClient(t, AnalysisOptions{})
	got, err := client.BatchAnalyzeTexts(t.Context(), &commentv1.BatchAnalyzeTextsRequest{Texts: []string{"Great service, thank you!", "", "Кызматкерлер абдан орой экен", "👍"}})
	if err != nil || len(got.GetResults()) != 4 {
		t.Fatalf("%v, %v", got, err)
	}
	for i, want := range []struct{ language, sentiment string }{
		{"LANGUAGE_EN", "SENTIMENT_POSITIVE"}, {"LANGUAGE_UNSPECIFIED", "SENTIMENT_NEUTRAL"}, {"LANGUAGE_KY", "SENTIMENT_NEGATIVE"}, {"LANGUAGE_UNSPECIFIED", "SENTIMENT_NEUTRAL"},
	} {
		a := got.GetResults()[i].GetAnalysis()
		if a.GetLanguage().String() != want.language || a.GetSentiment().String() != want.sentiment {
			t.Errorf("%d: %v", i, a)
		}
	}
	if v := got.GetResults()[1].GetAnalysis(); v.GetLanguageVariety() != "und" || v.GetSentimentProbabilities().GetNeutral() > 0.5 {
		t.Errorf("%v", v)
	}
}

// Each result follows its text before the next is sent, and in order.
func TestStreamAnalyzeTexts(t *testing.T) {
	t.Parallel()
	var asked int
	client := analysisClient(t, AnalysisOptions{Own: func(_ context.Context, organization string) (*aspect.Custom, error) {
		if asked++; organization != "org" {
			return nil, fmt.Errorf("organisation %q", organization)
		}
		return aspect.NewCustom([]aspect.Own{{ID: "playground", Phrases: []string{"детская комната"}}})
	}})
	stream, err := client.StreamAnalyzeTexts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		text := fmt.Sprintf("Номер %d: детская комната грязная", i)
		if err := stream.Send(&commentv1.StreamAnalyzeTextsRequest{Text: text}); err != nil {
			t.Fatal(err)
		}
		got, err := stream.Recv()
		if err != nil || got.GetRedactedText() != text {
			t.Fatalf("%v, %v", got, err)
		}
		found := false
		for _, m := range got.GetAnalysis().GetAspects() {
			found = found || m.GetAspect() == "aspects/playground" && strings.Contains(part(text, m.GetEvidence()), "детская")
		}
		if !found {
			t.Errorf("%s: %v", text, got.GetAnalysis().GetAspects())
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) || asked != 1 {
		t.Errorf("%v; the aspects were asked for %d times", err, asked)
	}
}

func TestOwnAspectsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	client := analysisClient(t, AnalysisOptions{Own: func(context.Context, string) (*aspect.Custom, error) {
		return nil, rpcerr.New(codes.Unavailable, "BUSY", "busy")
	}})
	if _, err := client.AnalyzeText(t.Context(), &commentv1.AnalyzeTextRequest{Text: "a"}); rpcerr.Reason(err) != "BUSY" {
		t.Error(err)
	}
}

// evaluated sends messages and returns the answer.
func evaluated(t *testing.T, client commentv1.AnalysisServiceClient, messages ...*commentv1.EvaluateModelRequest) (*commentv1.EvaluateModelResponse, error) {
	t.Helper()
	stream, err := client.EvaluateModel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if err := stream.Send(m); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	return stream.CloseAndRecv()
}

func labelled(task commentv1.EvaluationTask, pairs ...string) *commentv1.EvaluateModelRequest {
	m := &commentv1.EvaluateModelRequest{Task: task}
	for i := 0; i < len(pairs); i += 2 {
		m.Texts = append(m.Texts, &commentv1.LabelledText{Text: pairs[i], Label: pairs[i+1]})
	}
	return m
}

func TestEvaluateModel(t *testing.T) {
	t.Parallel()
	client := analysisClient(t, AnalysisOptions{})
	got, err := evaluated(t, client,
		labelled(commentv1.EvaluationTask_EVALUATION_TASK_LANGUAGE, "Спасибо за отличное обслуживание", "ru", "Рахмат, абдан жакшы тейлешти", "ky"),
		labelled(commentv1.EvaluationTask_EVALUATION_TASK_LANGUAGE, "Thank you for the excellent service", "en", "The room was clean and quiet", "ru"))
	if err != nil {
		t.Fatal(err)
	}
	if got.GetN() != 4 || got.GetAccuracy() != 0.75 || len(got.GetClasses()) != 3 || len(got.GetConfusion()) != 4 || !strings.HasPrefix(got.GetModel(), "models/") || got.MicroF1WithSentiment != nil {
		t.Errorf("%v", got)
	}
	if en := got.GetClasses()[0]; en.GetLabel() != "en" || en.GetPredicted() != 2 || en.GetCorrect() != 1 || en.GetPrecision() != 0.5 || en.GetRecall() != 1 {
		t.Errorf("%v", en)
	}
	got, err = evaluated(t, client, labelled(commentv1.EvaluationTask_EVALUATION_TASK_PII, "Пишите на [[EMAIL|ask@shop.example]]", "ru", "Без номеров", "ru"))
	if err != nil || got.Accuracy != nil || got.GetMicroF1() != 1 || got.GetN() != 2 {
		t.Errorf("%v, %v", got, err)
	}
	got, err = evaluated(t, client, labelled(commentv1.EvaluationTask_EVALUATION_TASK_ASPECTS, "Цены высокие", "price:negative"))
	if err != nil || got.GetMicroF1() != 1 || got.MicroF1WithSentiment == nil {
		t.Errorf("%v, %v", got, err)
	}
	got, err = evaluated(t, client, labelled(commentv1.EvaluationTask_EVALUATION_TASK_MIX))
	if err != nil || got.GetN() != 0 || got.Accuracy != nil || got.MacroF1 != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEvaluationsThatAreRefused(t *testing.T) {
	t.Parallel()
	client := analysisClient(t, AnalysisOptions{})
	for name, c := range map[string]struct {
		messages []*commentv1.EvaluateModelRequest
		field    string
	}{
		"nothing":          {nil, "task"},
		"no task":          {[]*commentv1.EvaluateModelRequest{{}}, "task"},
		"two tasks":        {[]*commentv1.EvaluateModelRequest{labelled(commentv1.EvaluationTask_EVALUATION_TASK_MIX), labelled(commentv1.EvaluationTask_EVALUATION_TASK_PII)}, "task"},
		"an unknown label": {[]*commentv1.EvaluateModelRequest{labelled(commentv1.EvaluationTask_EVALUATION_TASK_SENTIMENT, "a", "neutral", "b", "good")}, "texts[1].label"},
		"marks":            {[]*commentv1.EvaluateModelRequest{labelled(commentv1.EvaluationTask_EVALUATION_TASK_PII, "[[PHONE|1", "ru")}, "texts[0].text"},
	} {
		_, err := evaluated(t, client, c.messages...)
		if fields := rpcerr.Fields(err); rpcerr.Code(err) != codes.InvalidArgument || len(fields) != 1 || fields[0].Field != c.field {
			t.Errorf("%s: %v, %v", name, err, fields)
		}
	}
}

// counted are the comments by model.
type counted map[string]int64

func (c counted) Models(context.Context, string) (map[string]int64, error) { return c, nil }

func TestModels(t *testing.T) {
	t.Parallel()
	m, err := models()
	if err != nil {
		t.Fatal(err)
	}
	client := analysisClient(t, AnalysisOptions{Models: counted{"2026.01-b": 3, "2026.02-a": 7, m.Name: 2}, Now: time.Now})
	for _, name := range []string{"models/current", "models/" + m.Name} {
		got, err := client.GetModel(t.Context(), &commentv1.GetModelRequest{Name: name})
		if err != nil || !got.GetModel().GetCurrent() || got.GetModel().GetCommentCount() != 2 || got.GetModel().GetCard() == "" || len(got.GetModel().GetAspects()) != aspect.Fixed {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := client.GetModel(t.Context(), &commentv1.GetModelRequest{Name: "models/2026.01-b"}); err != nil || got.GetModel().GetCurrent() || got.GetModel().GetCommentCount() != 3 || got.GetModel().GetCard() != "" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := client.GetModel(t.Context(), &commentv1.GetModelRequest{Name: "models/none"}); rpcerr.Reason(err) != "MODEL_NOT_FOUND" {
		t.Error(err)
	}
	var names []string
	request := &commentv1.ListModelsRequest{PageSize: 2}
	for {
		page, err := client.ListModels(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.GetModels() {
			names = append(names, m.GetName())
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"models/" + m.Name, "models/2026.02-a", "models/2026.01-b"}, names); diff != "" {
		t.Error(diff)
	}
	// Without a store there is the model in use.
	alone := analysisClient(t, AnalysisOptions{})
	if got, err := alone.ListModels(t.Context(), &commentv1.ListModelsRequest{}); err != nil || len(got.GetModels()) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// Many callers at once get what each would get alone.
func TestAnalysisServesManyAtOnce(t *testing.T) {
	t.Parallel()
	client := analysisClient(t, AnalysisOptions{})
	texts := []string{"Great service!", "Ужасная очередь, ждал час", "Баасы кымбат экен, бирок даамдуу", "звоните 0555 000 123"}
	var wanted []*commentv1.AnalyzeTextResponse
	for _, text := range texts {
		got, err := client.AnalyzeText(t.Context(), &commentv1.AnalyzeTextRequest{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, got)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				at := i % len(texts)
				got, err := client.AnalyzeText(t.Context(), &commentv1.AnalyzeTextRequest{Text: texts[at]})
				if err != nil || got.String() != wanted[at].String() {
					t.Errorf("%v, %v, want %v", got, err, wanted[at])
					return
				}
			}
		})
	}
	wg.Wait()
}
