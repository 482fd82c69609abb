package webhook

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	// secretPrefix begins secrets, as Standard Webhooks describes.
	secretPrefix = "whsec_"
	// secretBytes is the length of a secret; Standard Webhooks takes 24 to 64.
	secretBytes = 32
	// idPrefix begins identifiers of messages.
	idPrefix = "msg_"
)

// NewSecret makes a secret.
func NewSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:])
	return secretPrefix + base64.StdEncoding.EncodeToString(b[:])
}

// idText spells identifiers: letters and digits.
var idText = base32.StdEncoding.WithPadding(base32.NoPadding)

// DeliveryID is the identifier of an occurrence's message to a webhook: always the same, so that an occurrence that is told twice is sent once.
func DeliveryID(w Ref, o Occurrence) string {
	h := sha256.New()
	parts := []string{w.Organization, w.ID, strconv.Itoa(int(o.Event)), o.Resource}
	if o.Position != 0 {
		parts = append(parts, strconv.FormatInt(o.Position, 10))
	}
	for _, part := range parts {
		// The length keeps parts apart.
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return idPrefix + strings.ToLower(idText.EncodeToString(h.Sum(nil)[:20]))
}

// NewDeliveryID is an identifier of its own.
func NewDeliveryID() string { return idPrefix + strings.ToLower(rand.Text()) }

// payload is a message's body: thin, so that it tells nothing to whom it should not reach. Who may know more asks the API for the resource.
type payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	Organization string `json:"organization"`
	Resource     string `json:"resource"`
}

// body is what is sent of a delivery: the same in each attempt.
func (d Delivery) body() ([]byte, error) {
	return json.Marshal(payload{
		Type: d.Event.String(), Timestamp: d.CreateTime.UTC(), Data: data{Organization: d.Webhook.Organization, Resource: d.Resource},
	})
}

// sign sets the headers of a message: its identifier, the time of the attempt, and a signature by each secret.
func sign(header http.Header, id string, at time.Time, body []byte, secrets []string) error {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return fmt.Errorf("read secret: %w", err)
		}
		if signatures[i], err = signer.Sign(id, at, body); err != nil {
			return fmt.Errorf("sign message: %w", err)
		}
	}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
