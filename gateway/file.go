package gateway

import (
	"context"
	"mime"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mimeBytes is that of files of any type.
const mimeBytes = "application/octet-stream"

// fileResponse is an answer that holds a file.
type fileResponse interface {
	proto.Message
	GetContent() []byte
	GetContentType() string
	GetFileName() string
}

var _, _ fileResponse = (*reportingv1.DownloadReportResponse)(nil), (*reportingv1.DownloadSharedReportResponse)(nil)

// fileAnswers are the answers that hold a file.
var fileAnswers = []protoreflect.MessageDescriptor{
	(&reportingv1.DownloadReportResponse{}).ProtoReflect().Descriptor(), (&reportingv1.DownloadSharedReportResponse{}).ProtoReflect().Descriptor(),
}

// answerFile makes the file itself the answer where the client accepts its type by name.
func answerFile(ctx context.Context, response fileResponse) any {
	x := exchangeOf(ctx)
	if x == nil || !acceptsFile(x.accept, response.GetContentType()) {
		return response
	}
	h := x.Header()
	h.Set("Content-Type", response.GetContentType())
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": response.GetFileName()}))
	return &httpbody.HttpBody{Data: response.GetContent()}
}

// acceptsFile tells whether an Accept header names the type of a file, or files of any type.
func acceptsFile(accept, contentType string) bool {
	want, _, _ := mime.ParseMediaType(contentType)
	if want == "application/json" {
		// The JSON of the response would be asked for in the same way.
		want = mimeBytes
	}
	for part := range strings.SplitSeq(accept, ",") {
		if media, _, err := mime.ParseMediaType(part); err == nil && (media == want || media == mimeBytes) {
			return true
		}
	}
	return false
}
