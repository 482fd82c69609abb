package report

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
)

// Rendition is what a report was made of, without a number of it: enough to make it again and to tell whether it says the same.
type Rendition struct {
	Fingerprint string `json:"-"`
	// Time is when it was made first.
	Time     time.Time `json:"-"`
	Report   string    `json:"report"`
	Version  int       `json:"version"`
	Content  Content   `json:"content"`
	Language string    `json:"language"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Zone     string    `json:"zone"`
	Survey   string    `json:"survey"`
	Subject  string    `json:"subject,omitempty"`
	Filter   string    `json:"filter,omitempty"`
	// Watermark is up to when responses were counted.
	Watermark time.Time `json:"watermark"`
	// Reach is a digest of the roles and units that the caller was given, whatever lies in these: who has others is told other numbers.
	Reach    string  `json:"reach"`
	Sections []Print `json:"sections"`
}

// Print is what the numbers of a section hash to.
type Print struct {
	ID string `json:"id"`
	// Present tells that the section says how things are when the report is made.
	Present bool   `json:"present,omitempty"`
	Digest  string `json:"digest"`
}

// Seal computes the fingerprint.
func (r *Rendition) Seal() error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode rendition: %w", err)
	}
	sum := sha256.Sum256(body)
	const length = 26
	r.Fingerprint = strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:length]
	return nil
}

// Differences names the sections whose numbers differ in another rendition of the same: those that rest on responses, and those that tell of the present.
func (r *Rendition) Differences(again *Rendition) (counted, present []string) {
	of := make(map[string]string, len(again.Sections))
	for _, s := range again.Sections {
		of[s.ID] = s.Digest
	}
	for _, s := range r.Sections {
		switch {
		case of[s.ID] == s.Digest:
		case s.Present:
			present = append(present, s.ID)
		default:
			counted = append(counted, s.ID)
		}
	}
	return counted, present
}

// PrintOf hashes the numbers of a section. Words are not among them: a unit that is called otherwise has the same numbers.
func PrintOf(s document.Section, present bool) Print {
	h := printer{sha256.New()}
	for _, b := range s.Blocks {
		h.block(b)
	}
	return Print{ID: s.ID, Present: present, Digest: hex.EncodeToString(h.Hash.Sum(nil))}
}

// printer hashes numbers.
type printer struct{ hash.Hash }

// say hashes words of the form, and whatever else is no number.
func (p printer) say(words ...string) {
	for _, w := range words {
		// A hash never fails to take.
		_, _ = io.WriteString(p, w+"\x00")
	}
}

func (p printer) block(b document.Block) {
	switch {
	case b.Absent != "":
		p.say("absent")
	case b.Text != "":
		p.say("text")
	case b.Figures != nil:
		for _, f := range b.Figures {
			p.number(f.Number)
			if f.Change != nil {
				p.number(*f.Change)
			}
		}
	case b.Table != nil:
		p.say(b.Table.ID, strconv.Itoa(b.Table.Total))
		for _, row := range b.Table.Rows {
			for _, c := range row {
				if c.Number != nil {
					p.number(*c.Number)
				}
				if c.Time != nil {
					p.say(c.Time.UTC().Format(time.RFC3339Nano))
				}
				p.say(strconv.Itoa(int(c.Mark)))
			}
		}
	case b.Chart != nil:
		p.chart(b.Chart)
	}
}

func (p printer) chart(c *document.Chart) {
	p.say(c.ID)
	switch {
	case c.Matrix != nil:
		for _, x := range c.Matrix.Points {
			p.number(x.Importance)
			p.number(x.Score)
			p.say(strconv.Itoa(x.Priority), strconv.FormatBool(x.Stable))
		}
	case c.Trend != nil:
		for _, s := range c.Trend.Series {
			for _, x := range s.Points {
				p.say(x.Start.UTC().Format(time.RFC3339Nano))
				p.number(x.Number)
			}
		}
	case c.Bridge != nil:
		p.number(c.Bridge.Before)
		p.number(c.Bridge.After)
		for _, x := range c.Bridge.Parts {
			p.number(x.Effect)
		}
	case c.Bars != nil:
		for _, x := range c.Bars.Bars {
			p.number(x.Number)
		}
	case c.Heat != nil:
		for _, row := range c.Heat.Cells {
			for _, x := range row {
				p.number(x)
			}
		}
	case c.Map != nil:
		for _, x := range c.Map.Places {
			p.number(x.Number)
		}
	case c.Funnel != nil:
		for _, x := range c.Funnel.Steps {
			p.say(strconv.FormatInt(x.Count, 10))
		}
	}
}

func (p printer) number(n document.Number) {
	for _, v := range []*float64{n.Value, n.Low, n.High, n.P} {
		if v == nil {
			p.say("-")
		} else {
			p.say(strconv.FormatFloat(*v, 'g', -1, 64))
		}
	}
	if n.N != nil {
		p.say(strconv.FormatInt(*n.N, 10))
	}
	p.say(n.Definition, n.Currency)
}
