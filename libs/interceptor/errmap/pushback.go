package errmap

import (
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
)

// MetadataPushback is the key of the trailer by which a server tells gRPC's own retries when to come again: milliseconds, or -1 for not at all.
const MetadataPushback = "grpc-retry-pushback-ms"

// longestPushback is the longest wait that the process right before this one sits out. Longer advice is passed on to who made the request:
// a gateway that waited would hold the request and its memory, and the client would hear late what it could have been told at once.
const longestPushback = 500 * time.Millisecond

// pushback puts the retry advice of an UNAVAILABLE status into the words of gRPC's retries, which do not read google.rpc.RetryInfo; nil
// for none. A server that is being stopped gives none: another one can be asked right away.
func pushback(err error) metadata.MD {
	if status.Code(err) != codes.Unavailable {
		return nil
	}
	e, ok := rpcerr.FromError(err)
	if !ok || e.Reason == rpcerr.ReasonShuttingDown {
		return nil
	}
	wait := "-1"
	if e.RetryAfter <= longestPushback {
		wait = strconv.FormatInt(int64((e.RetryAfter+time.Millisecond-1)/time.Millisecond), 10)
	}
	return metadata.MD{MetadataPushback: {wait}}
}
