package exports

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mostData is as many bytes as a download has at most.
const mostData = 2 << 20

// Parts compresses and seals parts of files.
type Parts struct{ Keeper *seal.Keeper }

// envelope is what a part is sealed in: it opens as that part of that export alone.
func (p Parts) envelope(e export.Export, number int64) seal.Envelope {
	return seal.Envelope{Keeper: p.Keeper, Owner: "\x00exports", Label: "otklik.reporting.export/" + e.ID + "/" + strconv.FormatInt(number, 10)}
}

// Seal compresses and seals a part.
func (p Parts) Seal(ctx context.Context, e export.Export, number int64, raw []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(raw); err != nil {
		return nil, fmt.Errorf("compress part: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress part: %w", err)
	}
	return p.envelope(e, number).Seal(ctx, e.Organization, b.String())
}

// Open opens what Seal sealed.
func (p Parts) Open(ctx context.Context, e export.Export, number int64, sealed []byte) ([]byte, error) {
	text, err := p.envelope(e, number).Open(ctx, e.Organization, sealed)
	if err != nil {
		return nil, fmt.Errorf("open part: %w", err)
	}
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("decompress part: %w", err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("decompress part: %w", err)
	}
	return raw, nil
}

// forms say what files are.
var forms = map[export.Format]struct{ contentType, ending string }{
	export.CSV:   {"text/csv; charset=utf-8", ".csv"},
	export.XLSX:  {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"},
	export.JSONL: {"application/x-ndjson", ".jsonl"},
	export.ZIP:   {"application/zip", ".zip"},
}

// DownloadExport returns a part of a file.
func (s *Server) DownloadExport(ctx context.Context, req *reportingv1.DownloadExportRequest) (*reportingv1.DownloadExportResponse, error) {
	e, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if e.State != export.Succeeded {
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_EXPORT_NOT_READY, "name", "it has no file: wait until its state is STATE_SUCCEEDED")
	}
	if err := s.checkCurrent(ctx, e); err != nil {
		return nil, err
	}
	form := forms[e.Order.Format]
	out := &reportingv1.DownloadExportResponse{NextOffset: e.Bytes, Size: e.Bytes, ContentType: form.contentType, FileName: e.ID + form.ending}
	if req.GetOffset() >= e.Bytes {
		return out, nil
	}
	part, err := s.Store.ExportPart(ctx, e.Organization, e.ID, req.GetOffset())
	if errors.Is(err, store.ErrNotFound) {
		return nil, storeError(err)
	}
	if err != nil {
		return nil, err
	}
	raw, err := s.Parts.Open(ctx, e, part.Number, part.Sealed)
	if err != nil {
		return nil, err
	}
	// A part ends behind a whole page of rows, so that it may be longer.
	out.Data = raw[req.GetOffset()-part.Offset:]
	out.Data = out.Data[:min(len(out.Data), mostData)]
	out.NextOffset = req.GetOffset() + int64(len(out.Data))
	return out, nil
}

// checkCurrent refuses a file that holds what may not be given out any more. One that may hold somebody who is being erased, or was since, is forgotten for good.
func (s *Server) checkCurrent(ctx context.Context, e export.Export) error {
	now, err := rows.Rights(ctx, e.Order.Kind)
	if err != nil {
		return err
	}
	if now != e.Order.Rights {
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_EXPORT_OUTDATED, "name", "what you may see has changed since it was asked for: export again")
	}
	erased, err := s.Erasures.Since(ctx, e.Organization, e.Begin)
	if err != nil {
		return fault.Refuse(codes.Unavailable, reportingv1.ErrorReason_ERROR_REASON_ACCESS_UNAVAILABLE, "the access service, which knows who was erased, did not answer: try again", rpcerr.WithCause(err))
	}
	if !erased {
		return nil
	}
	if err := s.Store.DeleteExport(ctx, e.Organization, e.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_EXPORT_OUTDATED, "name", "somebody is being erased, or was since it was begun, and it is gone: export again when no erasure runs")
}
