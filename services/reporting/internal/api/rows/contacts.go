package rows

import (
	"context"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/export"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// pageSize is as many of most things as a page may have.
const pageSize = 1000

// Contacts has the contacts of the directory.
type Contacts struct {
	Client segmentationv1.ContactServiceClient
}

var _ export.Source = Contacts{}

// Columns implements export.Source.
func (Contacts) Columns(ctx context.Context, o export.Order) ([]export.Column, error) {
	_, err := contactKeys(ctx, o)
	return export.OfContacts(), err
}

// Rows implements export.Source.
func (c Contacts) Rows(ctx context.Context, o export.Order, after export.Mark, fn func(export.Mark, []export.Cell) error) error {
	wanted, err := contactKeys(ctx, o)
	if err != nil {
		return refused(err)
	}
	cells := contactCells().filler(o.Columns, func(column string) cell[*segmentationv1.Contact] {
		key, ok := strings.CutPrefix(column, export.AttributePrefix)
		if !ok {
			return nil
		}
		return func(m *segmentationv1.Contact) export.Cell { return plainValue(m.GetAttributes()[key]) }
	})
	return paged(ctx, after, func(ctx context.Context, token string) ([]*segmentationv1.Contact, string, error) {
		resp, err := c.Client.ListContacts(ctx, &segmentationv1.ListContactsRequest{PageSize: pageSize, PageToken: token})
		return resp.GetContacts(), resp.GetNextPageToken(), err
	}, fn, func(m *segmentationv1.Contact) error {
		if !within(o, m.GetCreateTime()) || !wanted(m) {
			return nil
		}
		return fn(export.Mark{}, cells.fill(m))
	})
}

// contactCells are the cells of a contact.
func contactCells() columns[*segmentationv1.Contact] {
	type row = *segmentationv1.Contact
	return columns[row]{
		"contact":      func(m row) export.Cell { return text(lastPart(m.GetName())) },
		"display_name": func(m row) export.Cell { return text(m.GetDisplayName()) },
		"email":        func(m row) export.Cell { return text(m.GetEmail()) },
		"phone":        func(m row) export.Cell { return text(m.GetPhone()) },
		"company":      func(m row) export.Cell { return text(lastPart(m.GetCompany())) },
		"location":     func(m row) export.Cell { return text(lastPart(m.GetLocation())) },
		"identities": func(m row) export.Cell {
			var known []string
			for _, i := range m.GetIdentities() {
				if i.GetIdentifier() != "" {
					known = append(known, i.GetChannel()+":"+i.GetIdentifier())
				}
			}
			return list(known)
		},
		"attributes": func(m row) export.Cell {
			values := make(map[string]any, len(m.GetAttributes()))
			for key, v := range m.GetAttributes() {
				values[key] = v.AsInterface()
			}
			return object(values)
		},
		"create_time": func(m row) export.Cell { return moment(m.GetCreateTime()) },
		"update_time": func(m row) export.Cell { return moment(m.GetUpdateTime()) },
	}
}
