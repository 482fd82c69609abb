package peers

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/lru"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Kind is what kind of answer a question asks for.
type Kind int

// The kinds.
const (
	// KindOther has no score.
	KindOther Kind = iota
	// KindNPS is the likelihood to recommend.
	KindNPS
	// KindCSAT is satisfaction.
	KindCSAT
	// KindScored is any other score.
	KindScored
)

// Question is what must be known of a question.
type Question struct {
	ID    string
	Text  *typev1.LocalizedText
	Kind  Kind
	Scale *typev1.Scale
	// Effort tells that answers run the other way, and are flipped before they count.
	Effort bool
	// Ease tells that it asks how easy or hard something was.
	Ease bool
	// Likelihood tells that it asks how likely something is that the respondent may do.
	Likelihood bool
	// Importance tells that it asks how much something matters, and not how good it was.
	Importance bool
	// Item is the question of which it asks how much it matters; empty where it does not say.
	Item string
	// Positive is the least value, after flipping, of who is satisfied or found it easy; nil for other questions, and where it is not stated.
	Positive *float64
	// Options are the identifiers of the options of a choice.
	Options []string
}

const (
	// rememberedRevisions is how many revisions are remembered; they never change.
	rememberedRevisions = 1000
	// oldest is how many revisions back questions are looked for that are not asked any more.
	oldest = 50
)

// Surveys answers what must be known of surveys. Safe for concurrent use.
type Surveys struct {
	client surveyv1.SurveyServiceClient
	mu     sync.Mutex
	// known are questions by organisation and name of the revision.
	known *lru.Cache[[2]string, []Question]
}

// NewSurveys asks the survey service over conn, which has no credential of its own.
func NewSurveys(conn grpc.ClientConnInterface) *Surveys {
	return &Surveys{client: surveyv1.NewSurveyServiceClient(conn), known: lru.New[[2]string, []Question](rememberedRevisions, nil)}
}

// Questionnaire is what a survey asks, or asked.
type Questionnaire struct {
	// Current are the questions of its current revision; none before the first was published.
	Current []Question
	// DisplayName is what colleagues call the survey.
	DisplayName string
	surveys     *Surveys
	name        string
	number      int64
}

// Questionnaire returns what a survey, `surveys/{survey}`, asks. Errors: *Refusal; ErrUnavailable; ctx's.
func (s *Surveys) Questionnaire(ctx context.Context, survey string) (*Questionnaire, error) {
	resp, err := s.client.GetSurvey(asCaller(ctx), &surveyv1.GetSurveyRequest{Name: survey})
	if err != nil {
		return nil, failure(ctx, "ask for the survey", err)
	}
	q := &Questionnaire{DisplayName: resp.GetSurvey().GetDisplayName(), surveys: s, name: survey}
	revision := resp.GetSurvey().GetCurrentRevision()
	if revision == "" {
		return q, nil
	}
	// A name that is no number has no earlier ones.
	q.number, _ = strconv.ParseInt(revision[strings.LastIndexByte(revision, '/')+1:], 10, 64)
	q.Current, err = s.revision(ctx, revision)
	return q, err
}

// Find returns a question as it was asked last; false when it never was. Errors: as of Questionnaire.
func (q *Questionnaire) Find(ctx context.Context, id string) (Question, bool, error) {
	questions := q.Current
	for number := q.number; ; {
		for _, found := range questions {
			if found.ID == id {
				return found, true, nil
			}
		}
		number--
		if number < 1 || number <= q.number-oldest {
			return Question{}, false, nil
		}
		var err error
		if questions, err = q.surveys.revision(ctx, q.name+"/revisions/"+strconv.FormatInt(number, 10)); err != nil {
			return Question{}, false, err
		}
	}
}

// revision returns the questions of a revision. They must not be changed.
func (s *Surveys) revision(ctx context.Context, name string) ([]Question, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	key := [2]string{organization, name}
	s.mu.Lock()
	known, ok := s.known.Get(key)
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	resp, err := s.client.GetRevision(asCaller(ctx), &surveyv1.GetRevisionRequest{Name: name})
	if err != nil {
		return nil, failure(ctx, "ask for the revision", err)
	}
	asked := resp.GetRevision().GetQuestionnaire().GetQuestions()
	questions := make([]Question, len(asked))
	for i, q := range asked {
		questions[i] = QuestionOf(q)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known.Put(key, questions)
	return questions, nil
}

// QuestionOf converts a question.
func QuestionOf(q *surveyv1.Question) Question {
	out := Question{ID: q.GetId(), Text: q.GetText(), Scale: q.GetEffectiveScale()}
	switch kind := q.GetKind().(type) {
	case *surveyv1.Question_Nps:
		out.Kind = KindNPS
	case *surveyv1.Question_Csat:
		out.Kind, out.Positive = KindCSAT, positive(kind.Csat.SatisfiedAtOrAbove, out.Scale, 6)
	case *surveyv1.Question_Ces:
		out.Kind, out.Positive = KindScored, positive(kind.Ces.EasyAtOrAbove, out.Scale, 5)
		out.Effort, out.Ease = kind.Ces.GetDirection() == surveyv1.CesQuestion_DIRECTION_EFFORT, true
	case *surveyv1.Question_Likelihood:
		out.Kind, out.Likelihood = KindScored, true
	case *surveyv1.Question_Importance:
		out.Kind, out.Importance, out.Item = KindScored, true, kind.Importance.GetItem()
	case *surveyv1.Question_Choice:
		for _, o := range kind.Choice.GetOptions() {
			out.Options = append(out.Options, o.GetId())
		}
	default:
		if out.Scale != nil {
			out.Kind = KindScored
		}
	}
	return out
}

// positive is the least value that counts as satisfied or easy: the one that is stated, or that of the scale, of 1 to 7 the one given (docs/metrics.md).
func positive(stated *float64, scale *typev1.Scale, ofSeven float64) *float64 {
	if stated != nil || scale.GetMin() != 1 {
		return stated
	}
	if v, ok := map[float64]float64{5: 4, 7: ofSeven, 10: 9}[scale.GetMax()]; ok {
		return &v
	}
	return nil
}
