package api

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/imports"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// importServer serves ImportService.
type importServer struct {
	segmentationv1.UnimplementedImportServiceServer
	*Server
}

const (
	importsCollection = "imports/"
	importMissing     = segmentationv1.ErrorReason_ERROR_REASON_IMPORT_NOT_FOUND
	// mostRefused is the share of rows that may be refused where an import states none.
	mostRefused = 0.1
	// mostImportBytes bounds what is uploaded of an import.
	mostImportBytes = 4 << 30
	// mostWorkbookBytes bounds workbooks, which are read into memory before they are unpacked; a million rows need less.
	mostWorkbookBytes = 64 << 20
)

// importKind is how the store calls a kind.
func importKind(kind segmentationv1.Import_Kind) string {
	return strings.ToLower(strings.TrimPrefix(kind.String(), "KIND_"))
}

func importToProto(i store.Import) *segmentationv1.Import {
	out := &segmentationv1.Import{
		Name: importsCollection + i.ID, Kind: segmentationv1.Import_Kind(segmentationv1.Import_Kind_value["KIND_"+strings.ToUpper(i.Kind)]),
		Format: segmentationv1.Import_FORMAT_CSV, Delimiter: i.Delimiter, Encoding: i.Encoding, Mapping: i.Mapping, DryRun: i.DryRun, MostRefused: &i.MostRefused,
		IgnoreUnknownColumns: i.IgnoreUnknown, IgnoredColumns: i.Ignored,
		State: segmentationv1.Import_State(i.State), PartCount: int32(i.Parts), ByteCount: i.Bytes, CheckedCount: i.Checked, RefusedCount: i.Refused, //nolint:gosec // at most 4096
		AppliedCount: i.Applied, CreatedCount: i.Created, UpdatedCount: i.Updated, Refusal: i.Refusal, Creator: i.Creator, CreateTime: timeToProto(i.CreateTime),
		EndTime: timeToProto(i.EndTime),
	}
	if i.Workbook {
		out.Format = segmentationv1.Import_FORMAT_XLSX
	}
	return out
}

// importError explains an error about an import.
func importError(err error, name string) error {
	state := func(description string) error {
		return refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_IMPORT_STATE, description)
	}
	var missing *store.MissingPartError
	switch {
	case errors.As(err, &missing):
		return state("part " + strconv.Itoa(missing.Part) + " is missing: upload it, and commit again")
	case errors.Is(err, store.ErrChanged):
		return state("the import was committed with other parts, or has ended: begin another one")
	case errors.Is(err, store.ErrTooMany):
		return validation.Malformed("data", "TOO_LARGE", "would make the file larger than 4 GiB: divide it")
	}
	return orNotFound(err, importMissing, "import", name)
}

// CreateImport begins an import. The same identifier with the same content returns what is there.
func (s *importServer) CreateImport(ctx context.Context, req *segmentationv1.CreateImportRequest) (*segmentationv1.CreateImportResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetImport()
	i := store.Import{ID: req.GetImportId(), Kind: importKind(in.GetKind()), CreateTime: s.Now(), ImportSettings: store.ImportSettings{
		Workbook: in.GetFormat() == segmentationv1.Import_FORMAT_XLSX, Delimiter: in.GetDelimiter(), Encoding: in.GetEncoding(), Mapping: in.GetMapping(),
		IgnoreUnknown: in.GetIgnoreUnknownColumns(), DryRun: in.GetDryRun(), MostRefused: mostRefused, Creator: callerID(ctx),
	}}
	if in.MostRefused != nil {
		i.MostRefused = in.GetMostRefused()
	}
	if i.ID == "" {
		i.ID = newID()
	}
	if strings.ContainsAny(i.Delimiter, "\r\n\"\uFFFD") {
		return nil, validation.Malformed("import.delimiter", "DELIMITER", "must be a character that separates cells, such as ; or a tab")
	}
	stored, err := s.Store.CreateImport(ctx, org, i, s.Now().Add(-imports.Stale))
	var running *store.RunningError
	switch {
	case errors.As(err, &running):
		return nil, refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_IMPORT_RUNNING,
			"the import "+importsCollection+running.ID+" of this kind runs: wait for it, or cancel it", rpcerr.WithMetadata("resource", importsCollection+running.ID))
	case errors.Is(err, store.ErrExists):
		if stored, err = s.Store.GetImport(ctx, org, i.ID); err != nil {
			return nil, importError(err, importsCollection+i.ID)
		}
		if stored.Kind != i.Kind || !sameSettings(stored.ImportSettings, i.ImportSettings) {
			return nil, refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_ID_REUSED, "import_id", "is taken; choose another one")
		}
	case err != nil:
		return nil, storeError(err)
	}
	return &segmentationv1.CreateImportResponse{Import: importToProto(stored)}, nil
}

func sameSettings(a, b store.ImportSettings) bool {
	return a.Workbook == b.Workbook && a.Delimiter == b.Delimiter && a.Encoding == b.Encoding && maps.Equal(a.Mapping, b.Mapping) &&
		a.IgnoreUnknown == b.IgnoreUnknown && a.DryRun == b.DryRun && a.MostRefused == b.MostRefused
}

// UploadImportPart stores a part of the file.
func (s *importServer) UploadImportPart(ctx context.Context, req *segmentationv1.UploadImportPartRequest) (*segmentationv1.UploadImportPartResponse, error) {
	org, id, err := parseOwned(ctx, "name", importsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	i, err := s.Store.GetImport(ctx, org, id)
	if err != nil {
		return nil, importError(err, req.GetName())
	}
	most := int64(mostImportBytes)
	if i.Workbook {
		most = mostWorkbookBytes
	}
	i, err = s.Store.PutPart(ctx, org, id, int(req.GetPart()), req.GetData(), most, s.Now())
	if errors.Is(err, store.ErrTooMany) && most == mostWorkbookBytes {
		return nil, validation.Malformed("data", "TOO_LARGE", "would make the workbook larger than 64 MiB: save it as CSV, or divide it")
	}
	if err != nil {
		return nil, importError(err, req.GetName())
	}
	return &segmentationv1.UploadImportPartResponse{Import: importToProto(i)}, nil
}

// CommitImport lets an import be checked and applied.
func (s *importServer) CommitImport(ctx context.Context, req *segmentationv1.CommitImportRequest) (*segmentationv1.CommitImportResponse, error) {
	org, id, err := parseOwned(ctx, "name", importsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	i, err := s.Store.CommitImport(ctx, org, id, int(req.GetPartCount()))
	if err != nil {
		return nil, importError(err, req.GetName())
	}
	return &segmentationv1.CommitImportResponse{Import: importToProto(i)}, nil
}

// CancelImport ends an import. What was applied stays.
func (s *importServer) CancelImport(ctx context.Context, req *segmentationv1.CancelImportRequest) (*segmentationv1.CancelImportResponse, error) {
	org, id, err := parseOwned(ctx, "name", importsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	i, err := s.Store.EndImport(ctx, org, id, store.ImportCancelled, "", s.Now())
	if err != nil {
		return nil, importError(err, req.GetName())
	}
	return &segmentationv1.CancelImportResponse{Import: importToProto(i)}, nil
}

// GetImport returns an import.
func (s *importServer) GetImport(ctx context.Context, req *segmentationv1.GetImportRequest) (*segmentationv1.GetImportResponse, error) {
	org, id, err := parseOwned(ctx, "name", importsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	i, err := s.Store.GetImport(ctx, org, id)
	if err != nil {
		return nil, importError(err, req.GetName())
	}
	return &segmentationv1.GetImportResponse{Import: importToProto(i)}, nil
}

// ListImports lists imports, the last first.
func (s *importServer) ListImports(ctx context.Context, req *segmentationv1.ListImportsRequest) (*segmentationv1.ListImportsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[int](s.Server, "ListImports", org, req)
	if err != nil {
		return nil, err
	}
	list, more, err := s.Store.ListImports(ctx, org, max(p.cursor, 0), p.size)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListImportsResponse{NextPageToken: p.next(more, p.cursor+len(list))}
	for _, i := range list {
		out.Imports = append(out.Imports, importToProto(i))
	}
	return out, nil
}

// ListImportRefusals lists why rows were refused.
func (s *importServer) ListImportRefusals(ctx context.Context, req *segmentationv1.ListImportRefusalsRequest) (*segmentationv1.ListImportRefusalsResponse, error) {
	org, id, err := parseOwned(ctx, "parent", importsCollection, req.GetParent())
	if err != nil {
		return nil, err
	}
	p, err := openPage[int64](s.Server, "ListImportRefusals", org, req)
	if err != nil {
		return nil, err
	}
	if _, err := s.Store.GetImport(ctx, org, id); err != nil {
		return nil, importError(err, req.GetParent())
	}
	list, err := s.Store.ListImportRefusals(ctx, org, id, p.cursor, p.size+1)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListImportRefusalsResponse{}
	for i, r := range list {
		if i == p.size {
			out.NextPageToken = p.next(true, list[i-1].No)
			break
		}
		out.Refusals = append(out.Refusals, &segmentationv1.ImportRefusal{Row: r.Row, Line: r.Line, Field: r.Field, Reason: r.Reason, Description: r.Description})
	}
	return out, nil
}
