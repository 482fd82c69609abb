// Command thirdparty prints the .proto sources of the third-party files that Otklik's own protos import.
//
// It takes them from the descriptors that the Go modules already carry, so that their versions equal those of the
// runtime and no schema registry is needed. The output is not committed.
//
//	go run ./proto/thirdparty proto/thirdparty/out
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: thirdparty FOLDER")
	}
	if err := printAll(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// printAll writes the files below folder, each at its import path.
func printAll(folder string) error {
	files := []protoreflect.FileDescriptor{
		annotations.File_google_api_annotations_proto,
		annotations.File_google_api_http_proto,
		errdetails.File_google_rpc_error_details_proto,
		status.File_google_rpc_status_proto,
		validate.File_buf_validate_validate_proto,
	}
	var printer protoprint.Printer
	for _, file := range files {
		path := filepath.Join(folder, filepath.FromSlash(file.Path()))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make folder of %s: %w", file.Path(), err)
		}
		text, err := printer.PrintProtoToString(file)
		if err != nil {
			return fmt.Errorf("print %s: %w", file.Path(), err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", file.Path(), err)
		}
	}
	return nil
}
