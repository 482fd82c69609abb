package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// testServer streams n responses and cuts the stream off behind each of the positions in cuts, once.
type testServer struct {
	surveyv1.SurveyServiceClient
	n     int64
	cuts  []int64
	err   error
	opens []int64
}

func (s *testServer) ListRevisions(_ context.Context, in *surveyv1.ListRevisionsRequest, _ ...grpc.CallOption) (*surveyv1.ListRevisionsResponse, error) {
	question := func(id string, commented bool) *surveyv1.Question {
		q := &surveyv1.Question{Id: id}
		if commented {
			q.Comment = &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_OPTIONAL}
		}
		return q
	}
	revision := func(questions ...*surveyv1.Question) *surveyv1.Revision {
		return &surveyv1.Revision{Questionnaire: &surveyv1.Questionnaire{Questions: questions}}
	}
	if in.GetPageToken() == "" {
		return &surveyv1.ListRevisionsResponse{Revisions: []*surveyv1.Revision{revision(question("nps", true), question("what", false))}, NextPageToken: "more"}, nil
	}
	return &surveyv1.ListRevisionsResponse{Revisions: []*surveyv1.Revision{revision(question("old", false), question("nps", false))}}, nil
}

func (s *testServer) StreamResponses(ctx context.Context, in *surveyv1.StreamResponsesRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[surveyv1.StreamResponsesResponse], error) {
	s.opens = append(s.opens, in.GetAfterPosition())
	return &testStream{ctx: ctx, server: s, at: in.GetAfterPosition()}, nil
}

type testStream struct {
	grpc.ServerStreamingClient[surveyv1.StreamResponsesResponse]
	ctx    context.Context
	server *testServer
	at     int64
}

func (s *testStream) Recv() (*surveyv1.StreamResponsesResponse, error) {
	if s.ctx.Err() != nil {
		return nil, s.ctx.Err()
	}
	if i := slices.Index(s.server.cuts, s.at); i >= 0 {
		s.server.cuts = slices.Delete(s.server.cuts, i, i+1)
		return nil, s.server.err
	}
	if s.at == s.server.n {
		return nil, io.EOF
	}
	s.at++
	return &surveyv1.StreamResponsesResponse{Position: s.at, Response: testResponse(s.at)}, nil
}

func testResponse(position int64) *surveyv1.Response {
	return &surveyv1.Response{
		Name: fmt.Sprintf("surveys/a/responses/r%d", position), Revision: "surveys/a/revisions/2", Language: "ky",
		AnswerTime: timestamppb.New(time.Unix(1_800_000_000, 500)), Weight: proto.Float64(0.25), Respondent: "-1+1",
		Context: &typev1.Context{Location: "=osh", Region: "+south", Company: "@kumtor", Employee: "-a", Attributes: map[string]string{"region": "@south", "age": "30"}},
		Flags:   []surveyv1.Response_Flag{surveyv1.Response_FLAG_LATE},
		Answers: []*surveyv1.Answer{
			{Question: "what", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"bread", "milk"}}}},
			{Question: "nps", Value: &surveyv1.Answer_Score{Score: -2.5}, Comment: "=HYPERLINK(\"x\")\nдва"},
			{Question: "old", Value: &surveyv1.Answer_FreeText{FreeText: "текст, \"да\""}},
		},
	}
}

func TestCSVRow(t *testing.T) {
	server := &testServer{n: 1}
	for raw, want := range map[bool]string{
		false: `1,r1,2,,2027-01-15T08:00:00.0000005Z,,ky,,,'=osh,'+south,'@kumtor,'-a,"{""age"":""30"",""region"":""@south""}",'-1+1,,0.25,LATE,'@south,-2.5,"'=HYPERLINK(""x"")` + "\nдва" + `",bread|milk,"текст, ""да"""` + "\n",
		true:  `1,r1,2,,2027-01-15T08:00:00.0000005Z,,ky,,,=osh,+south,@kumtor,-a,"{""age"":""30"",""region"":""@south""}",-1+1,,0.25,LATE,@south,-2.5,"=HYPERLINK(""x"")` + "\nдва" + `",bread|milk,"текст, ""да"""` + "\n",
	} {
		columns, err := FindColumns(t.Context(), server, "surveys/a", []string{"region"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(columns.Names()[len(fixedColumns):], " "); got != "attribute.region answer.nps comment.nps answer.what answer.old" {
			t.Fatalf("columns %s", got)
		}
		var b bytes.Buffer
		w, err := NewCSV(&b, columns, raw, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), Options{Client: server, Survey: "surveys/a", Writer: w}); err != nil || b.String() != want {
			t.Errorf("raw %v: %v\n%s\nwant\n%s", raw, err, b.String(), want)
		}
	}
}

// A stream that is cut off is opened again behind the last response: each comes once, in order.
func TestRunGoesOnAfterCuts(t *testing.T) {
	server := &testServer{n: 5000, cuts: []int64{0, 0, 1, 777, 5000}, err: rpcerr.New(codes.Unavailable, "STREAM_INTERRUPTED", "later").GRPCStatus().Err()}
	var b bytes.Buffer
	w := NewJSONL(&b)
	waits := 0
	result, err := Run(t.Context(), Options{Client: server, Survey: "surveys/a", Writer: w, sleep: func(context.Context, time.Duration) error { waits++; return nil }})
	if err != nil || result != (Result{Written: 5000, Position: 5000}) || waits != 5 {
		t.Fatalf("%+v, %v, %d waits", result, err, waits)
	}
	if !slices.Equal(server.opens, []int64{0, 0, 0, 1, 777, 5000}) {
		t.Errorf("opened behind %v", server.opens)
	}
	position, offset, err := LastJSONL(bytes.NewReader(b.Bytes()))
	if err != nil || position != 5000 || offset != int64(b.Len()) || bytes.Count(b.Bytes(), []byte("\n")) != 5000 {
		t.Errorf("position %d, offset %d of %d, %v", position, offset, b.Len(), err)
	}
}

func TestRunGivesUp(t *testing.T) {
	always := func(code codes.Code) *testServer {
		return &testServer{n: 10, cuts: slices.Repeat([]int64{4}, 100), err: rpcerr.New(code, "R", "m").GRPCStatus().Err()}
	}
	noSleep := func(context.Context, time.Duration) error { return nil }
	for code, opens := range map[codes.Code]int{codes.Unavailable: maxTries + 1, codes.PermissionDenied: 1} {
		server := always(code)
		var b bytes.Buffer
		result, err := Run(t.Context(), Options{Client: server, Survey: "surveys/a", Writer: NewJSONL(&b), sleep: noSleep})
		if rpcerr.Code(err) != code || result.Position != 4 || len(server.opens) != opens || bytes.Count(b.Bytes(), []byte("\n")) != 4 {
			t.Errorf("%s: %+v, %v, opened %d times", code, result, err, len(server.opens))
		}
	}
	// A full disk is no reason to ask the server again.
	server := &testServer{n: 100_000}
	if _, err := Run(t.Context(), Options{Client: server, Survey: "surveys/a", Writer: NewJSONL(fullDisk{}), sleep: noSleep}); !errors.Is(err, errFull) || len(server.opens) != 1 {
		t.Errorf("%v, opened %d times", err, len(server.opens))
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Wherever a CSV export is cut, what LastCSV keeps is whole rows, and as many as there are.
func TestLastCSVAtEveryCut(t *testing.T) {
	server := &testServer{n: 12}
	columns, err := FindColumns(t.Context(), server, "surveys/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := NewCSV(&b, columns, false, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Options{Client: server, Survey: "surveys/a", Writer: w}); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	header := bytes.IndexByte(whole, '\n') + 1
	ends := map[int64]int64{0: int64(header)}
	r := csv.NewReader(bytes.NewReader(whole))
	for i := int64(-1); ; i++ {
		if _, err := r.Read(); err != nil {
			break
		}
		if i >= 0 {
			ends[i+1] = r.InputOffset()
		}
	}
	for cut := header; cut <= len(whole); cut++ {
		position, offset, err := LastCSV(bytes.NewReader(whole[:cut]), int64(cut), columns)
		if err != nil || offset != ends[position] || offset > int64(cut) {
			t.Fatalf("cut at %d: position %d, offset %d, %v", cut, position, offset, err)
		}
		if next, ok := ends[position+1]; ok && next <= int64(cut) {
			t.Fatalf("cut at %d: position %d, but the next row ends at %d", cut, position, next)
		}
	}
	if _, _, err := LastCSV(strings.NewReader("a,b\n"), 4, columns); !errors.Is(err, ErrOtherColumns) {
		t.Errorf("another header: %v", err)
	}
	if position, offset, err := LastCSV(strings.NewReader(""), 0, columns); position != 0 || offset != 0 || err != nil {
		t.Errorf("an empty file: %d, %d, %v", position, offset, err)
	}
}
