package dispatch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/otklik/otklik/services/segmentation/internal/digest"
)

// messageID is what the e-mail of a delivery is known by: the same whenever it is sent, so that mail programs show one of two that were sent because a process
// died between sending and noting it.
func messageID(v digest.Delivery, domain string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", v.Organization, v.Subscription, v.ID))
	return "digest." + hex.EncodeToString(sum[:16]) + "@" + domain
}
