package definition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Limits of texts, in characters.
const (
	maxTitle       = 200
	maxDescription = 2000
)

func ref(id string) composite.Ref { return composite.Ref{ID: id} }

// check refuses content that cannot be computed, and returns it with the versions of what it refers to. before is what the version before says;
// nil when there is none. Errors: *composite.FieldError, and those of the catalog.
func (r *Registry) check(ctx context.Context, organization, id string, c Content, before *Content) (Content, error) {
	if c.Title == (metric.Text{}) {
		return c, wrong("title", "is missing: say in en, ru or ky how people call it")
	}
	if err := checkText("title", c.Title, maxTitle); err != nil {
		return c, err
	}
	if err := checkText("description", c.Description, maxDescription); err != nil {
		return c, err
	}
	if err := c.Spec.Check(); err != nil {
		return c, err
	}
	if err := checkTitles(c.Spec); err != nil {
		return c, err
	}
	c, err := r.pin(ctx, organization, c, before)
	if err != nil {
		return c, err
	}
	d, err := r.expand(ctx, organization, Definition{ID: id, Content: c}, &expansion{limit: maxDepth})
	if err != nil {
		return c, err
	}
	if _, err := d.Tree().Needs(nil); err != nil {
		return c, wrong("expression.terms", "they cannot be counted together: %v", err)
	}
	if c.Survey == "" {
		return c, nil
	}
	for again := false; ; again = true {
		history, err := r.catalog.History(ctx, organization, c.Survey)
		if err != nil {
			return c, fmt.Errorf("look up survey %s: %w", c.Survey, err)
		}
		if err = (asked{survey: c.Survey, history: history}).check(d); err == nil || again {
			return c, err
		}
		r.catalog.Forget(organization, c.Survey)
	}
}

func checkText(field string, t metric.Text, most int) error {
	for _, text := range []struct{ language, text string }{{"en", t.EN}, {"ru", t.RU}, {"ky", t.KY}} {
		if n := utf8.RuneCountInString(text.text); n > most {
			return wrong(field+`.texts["`+text.language+`"]`, "has %d characters: state at most %d", n, most)
		}
	}
	return nil
}

// checkTitles refuses titles of parts that are too long.
func checkTitles(s composite.Spec) error {
	if x := s.Index; x != nil {
		for i, a := range x.Attributes {
			if err := checkText(fmt.Sprintf("index.attributes[%d].title", i), a.Title, maxTitle); err != nil {
				return err
			}
		}
	}
	if s.Gap == nil {
		return nil
	}
	for i, d := range s.Gap.Dimensions {
		field := fmt.Sprintf("gap.dimensions[%d]", i)
		if err := checkText(field+".title", d.Title, maxTitle); err != nil {
			return err
		}
		for j, item := range d.Items {
			if err := checkText(fmt.Sprintf("%s.items[%d].title", field, j), item.Title, maxTitle); err != nil {
				return err
			}
		}
		for j, sub := range d.Subdimensions {
			if err := checkText(fmt.Sprintf("%s.subdimensions[%d].title", field, j), sub.Title, maxTitle); err != nil {
				return err
			}
		}
	}
	return nil
}

// pin gives what the content refers to the version that is the newest now, where it states none: the content means the same ever after.
func (r *Registry) pin(ctx context.Context, organization string, c Content, before *Content) (Content, error) {
	if c.Spec.Expression == nil {
		return c, nil
	}
	e := *c.Spec.Expression
	e.Terms = slices.Clone(e.Terms)
	for i := range e.Terms {
		t := &e.Terms[i]
		if t.Definition == (composite.Ref{}) {
			continue
		}
		field := fmt.Sprintf("expression.terms[%d].definition", i)
		d, err := r.Find(ctx, organization, t.Definition)
		var missing *NotFoundError
		switch {
		case errors.As(err, &missing):
			return c, wrong(field, "%s", missing.Error())
		case err != nil:
			return c, err
		case d.Retired != nil && !holds(before, d.ID):
			return c, wrong(field, "%q is retired: make nothing new of it", d.ID)
		}
		t.Definition.Version = d.Version
	}
	c.Spec.Expression = &e
	return c, nil
}

// holds tells whether content refers to a definition.
func holds(c *Content, id string) bool {
	return c != nil && c.Spec.Expression != nil &&
		slices.ContainsFunc(c.Spec.Expression.Terms, func(t composite.Term) bool { return t.Definition.ID == id })
}

// pinnedLike gives references without a version that of the same term of other content.
func pinnedLike(c, other Content) Content {
	if c.Spec.Expression == nil || other.Spec.Expression == nil {
		return c
	}
	e := *c.Spec.Expression
	e.Terms = slices.Clone(e.Terms)
	for i := range e.Terms {
		t := &e.Terms[i].Definition
		if i < len(other.Spec.Expression.Terms) && t.Version == 0 && t.ID == other.Spec.Expression.Terms[i].Definition.ID {
			*t = other.Spec.Expression.Terms[i].Definition
		}
	}
	c.Spec.Expression = &e
	return c
}
