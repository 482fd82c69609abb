package rows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// inbox lists five cases, two a page. While the second page is read, the last case becomes the most urgent one.
type inbox struct {
	segmentationv1.UnimplementedCaseServiceServer
	order []string
	reads int
}

func (i *inbox) ListCases(_ context.Context, req *segmentationv1.ListCasesRequest) (*segmentationv1.ListCasesResponse, error) {
	at := 0
	if _, err := fmt.Sscan("0"+req.GetPageToken(), &at); err != nil {
		return nil, err
	}
	if i.reads++; i.reads == 2 {
		i.order = append(i.order[len(i.order)-1:], i.order[:len(i.order)-1]...)
	}
	out := &segmentationv1.ListCasesResponse{}
	for _, name := range i.order[at:min(at+2, len(i.order))] {
		out.Cases = append(out.Cases, &segmentationv1.Case{Name: "cases/" + name})
	}
	if at+2 < len(i.order) {
		out.NextPageToken = fmt.Sprint(at + 2)
	}
	return out, nil
}

// Cases that move in their list while it is read are written once all the same, the one too that moved to where it had been read already.
func TestCasesThatMoveAreWrittenOnce(t *testing.T) {
	channel := &inprocgrpc.Channel{}
	segmentationv1.RegisterCaseServiceServer(channel, &inbox{order: []string{"a", "b", "c", "d", "e"}})
	source := rows.Cases{Client: peers.NewSources(channel, channel, channel, channel).Cases}
	var got []string
	err := source.Rows(t.Context(), export.Order{Kind: export.Cases, Columns: []string{"case"}}, export.Mark{}, func(mark export.Mark, cells []export.Cell) error {
		if !mark.None() {
			t.Errorf("it can be gone on with behind %v", mark)
		}
		got = append(got, cells[0].Text)
		return nil
	})
	if slices.Sort(got); err != nil || !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) {
		t.Errorf("%v, %v", got, err)
	}
}

// busy lists, each time from its beginning, one case more than before, which opened just then; a page has them all.
type busy struct {
	segmentationv1.UnimplementedCaseServiceServer
	begin time.Time
	reads int
}

func (b *busy) ListCases(context.Context, *segmentationv1.ListCasesRequest) (*segmentationv1.ListCasesResponse, error) {
	b.reads++
	out := &segmentationv1.ListCasesResponse{}
	for i := range 3 + b.reads {
		out.Cases = append(out.Cases, &segmentationv1.Case{Name: fmt.Sprintf("cases/%d", i), CreateTime: timestamppb.New(b.begin.Add(time.Duration(i) * time.Minute))})
	}
	return out, nil
}

// Cases that open while those that were there are read do not keep an export from ending, nor come into it.
func TestCasesThatOpenMeanwhileEndNoExportLater(t *testing.T) {
	channel, begin := &inprocgrpc.Channel{}, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	server := &busy{begin: begin}
	segmentationv1.RegisterCaseServiceServer(channel, server)
	source := rows.Cases{Client: peers.NewSources(channel, channel, channel, channel).Cases}
	order := export.Order{Kind: export.Cases, Columns: []string{"case"}, To: begin.Add(3 * time.Minute)}
	var got []string
	err := source.Rows(t.Context(), order, export.Mark{}, func(_ export.Mark, cells []export.Cell) error {
		if got = append(got, cells[0].Text); len(got) > 100 {
			return errors.New("it does not end")
		}
		return nil
	})
	if err != nil || !slices.Equal(got, []string{"0", "1", "2"}) || server.reads != 2 {
		t.Errorf("%v in %d passes, %v", got, server.reads, err)
	}
}

// people lists three contacts, one a page. It knows no tokens that it did not make.
type people struct {
	segmentationv1.UnimplementedContactServiceServer
	// expire tells that no token is taken any more for the last page.
	expire bool
}

func (p *people) ListContacts(_ context.Context, req *segmentationv1.ListContactsRequest) (*segmentationv1.ListContactsResponse, error) {
	names := []string{"ann", "bob", "eve"}
	at := max(0, slices.Index(names, req.GetPageToken()))
	if req.GetPageToken() != "" && at == 0 || p.expire && at == 2 {
		return nil, rpcerr.New(codes.InvalidArgument, "PAGE_TOKEN_EXPIRED", "the page token is too old")
	}
	out := &segmentationv1.ListContactsResponse{Contacts: []*segmentationv1.Contact{{Name: "contacts/" + names[at]}}}
	if at+1 < len(names) {
		out.NextPageToken = names[at+1]
	}
	return out, nil
}

// An export of pages is gone on with behind a whole page, and begun anew where the token of the page is not known any more.
func TestPagesAreGoneOnWith(t *testing.T) {
	channel := &inprocgrpc.Channel{}
	listed := &people{}
	segmentationv1.RegisterContactServiceServer(channel, listed)
	source := rows.Contacts{Client: peers.NewSources(channel, channel, channel, channel).Contacts}
	order := export.Order{Kind: export.Contacts, Columns: []string{"contact"}}
	var got []string
	var marks []export.Mark
	read := func(mark export.Mark, cells []export.Cell) error {
		if cells != nil {
			got = append(got, cells[0].Text)
		}
		if !mark.None() {
			marks = append(marks, mark)
		}
		return nil
	}
	if err := source.Rows(t.Context(), order, export.Mark{}, read); err != nil || !slices.Equal(got, []string{"ann", "bob", "eve"}) || len(marks) != 2 {
		t.Fatalf("%v, %v, %v", got, marks, err)
	}
	got = nil
	if err := source.Rows(t.Context(), order, marks[0], read); err != nil || !slices.Equal(got, []string{"bob", "eve"}) {
		t.Errorf("behind the first page: %v, %v", got, err)
	}
	if err := source.Rows(t.Context(), order, export.Mark{Cursor: "of yore"}, read); !errors.Is(err, export.ErrStale) {
		t.Errorf("behind a page that is not known: %v", err)
	}
	listed.expire = true
	for _, after := range []export.Mark{{}, marks[0]} {
		if err := source.Rows(t.Context(), order, after, read); !errors.Is(err, export.ErrStale) {
			t.Errorf("behind %v, of which a later page is not known any more: %v", after, err)
		}
	}
	listed.expire = false
	order.Filter = "company = acme"
	got = nil
	if err := source.Rows(t.Context(), order, export.Mark{}, read); err != nil || got != nil {
		t.Errorf("of a company that none is of: %v, %v", got, err)
	}
}
