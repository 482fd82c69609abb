package imports_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/imports"
	"github.com/otklik/otklik/services/segmentation/internal/profile"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

const acme = "acme"

// vault keeps keys in memory. Safe for concurrent use.
type vault struct {
	mu   sync.Mutex
	keys map[string]seal.Key
}

// Lease implements seal.Vault.
func (v *vault) Lease(_ context.Context, n int) (out []seal.Key, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for range n {
		k := seal.NewKey(time.Now())
		v.keys[k.ID] = k
		out = append(out, k)
	}
	return out, nil
}

// Get implements seal.Vault.
func (v *vault) Get(_ context.Context, ids []string) (out []seal.Key, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		if k, ok := v.keys[id]; ok {
			out = append(out, k)
		}
	}
	return out, nil
}

// Destroy implements seal.Vault.
func (*vault) Destroy(context.Context, []string) (int, error) { return 0, nil }

// PseudonymKey implements seal.Vault.
func (*vault) PseudonymKey(context.Context, string) ([]byte, error) {
	return make([]byte, sha256.Size), nil
}

// company is the company of a contact of the benchmark: there are a hundred contacts of each.
func company(i int) string { return "company-" + strconv.Itoa(i/100) }

// writeContacts writes a table of contacts.
func writeContacts(out io.Writer, n int) error {
	_, err := fmt.Fprintln(out, "id,display_name,email,company,tier,value,since,vip")
	for i := 0; i < n && err == nil; i++ {
		_, err = fmt.Fprintf(out, "c-%07d,Customer %d,c%d@example.org,%s,%s,%d.5,2024-%02d-%02d,%t\n",
			i, i, i, company(i), []string{"gold", "silver", "tin"}[i%3], i%1000, i%12+1, i%28+1, i%7 == 0)
	}
	return err
}

// upload creates an import of a table and commits it.
func upload(b *testing.B, s store.Store, table []byte) {
	b.Helper()
	const part = 4 << 20
	i, err := s.CreateImport(b.Context(), acme, store.Import{ID: "bench", Kind: "contact", CreateTime: time.Now()}, time.Time{})
	parts := 0
	for chunk := range slices.Chunk(table, part) {
		if err == nil {
			_, err = s.PutPart(b.Context(), acme, i.ID, parts, chunk, 1<<40, time.Now())
			parts++
		}
	}
	if err == nil {
		_, err = s.CommitImport(b.Context(), acme, i.ID, parts)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkContacts imports contacts with sealed names and addresses and four attributes each, and reads them: 100,000, or as many as OTKLIK_CONTACTS says. The
// database is made in OTKLIK_CONTACTS_DIR, where that is stated.
func BenchmarkContacts(b *testing.B) {
	n := 100_000
	if text := os.Getenv("OTKLIK_CONTACTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	folder := os.Getenv("OTKLIK_CONTACTS_DIR")
	if folder == "" {
		folder = b.TempDir()
	}
	path := filepath.Join(folder, "segmentation.db")
	s, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	keeper := seal.NewKeeper(&vault{keys: map[string]seal.Key{}}, seal.KeeperOptions{})
	b.Cleanup(func() { _, _ = keeper.Close(), s.Close() })
	for key, kind := range map[string]attribute.Type{"tier": attribute.Enum, "value": attribute.Number, "since": attribute.Date, "vip": attribute.Bool} {
		d := attribute.Definition{Kind: attribute.Contact, Key: key, Type: kind}
		if kind == attribute.Enum {
			d.Options = []string{"gold", "silver", "tin"}
		}
		if _, err := s.CreateAttribute(b.Context(), acme, d, 100); err != nil {
			b.Fatal(err)
		}
	}
	var companies []store.UnitChange
	for i := 0; i < n; i += 100 {
		companies = append(companies, store.UnitChange{
			Ref: directory.Ref{Kind: attribute.Company, ID: company(i)}, AllowMissing: true, Edit: func(*directory.Unit) error { return nil },
		})
	}
	for part := range slices.Chunk(companies, 1000) {
		if _, err := s.PutUnits(b.Context(), acme, time.Now(), part); err != nil {
			b.Fatal(err)
		}
	}
	var table bytes.Buffer
	if err := writeContacts(&table, n); err != nil {
		b.Fatal(err)
	}
	upload(b, s, table.Bytes())
	table = bytes.Buffer{}
	register := &profile.Register{Store: s, Keeper: keeper}
	b.Run("import", func(b *testing.B) {
		r := &imports.Runner{Store: s, Holder: "bench", Now: time.Now, Kinds: map[string]imports.Kind{
			"contact": imports.Contacts{Directory: imports.Directory{Store: s, Now: time.Now}, Register: register},
		}}
		if b.N > 1 {
			b.Skip("it is imported once: run with -benchtime 1x")
		}
		if err := r.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
		i, err := s.GetImport(b.Context(), acme, "bench")
		if err != nil || i.Created != int64(n) {
			b.Fatalf("%+v, %v", i, err)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "contacts/s")
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size())/float64(n), "B/contact")
		}
	})
	b.Run("get", func(b *testing.B) {
		readContacts(b, n, func(id string) error { return get(b.Context(), register, s, id) })
	})
	b.Run("list", func(b *testing.B) {
		readContacts(b, n, func(id string) error {
			list, _, err := s.ListContacts(b.Context(), store.ContactQuery{Organization: acme, After: id, Limit: 50})
			if err == nil {
				_, err = register.Profiles(b.Context(), acme, list)
			}
			return err
		})
	})
	b.Run("list of a company", func(b *testing.B) {
		readContacts(b, n, func(id string) error {
			i, _ := strconv.Atoi(id[2:])
			_, _, err := s.ListContacts(b.Context(), store.ContactQuery{Organization: acme, Company: company(i), Limit: 50})
			return err
		})
	})
	b.Run("each", func(b *testing.B) {
		rows := 0
		for b.Loop() {
			if err := s.EachContact(b.Context(), acme, "", func(store.ContactRow) error { rows++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "contacts/s")
	})
}

// get reads a contact with what is personal.
func get(ctx context.Context, register *profile.Register, s store.Store, id string) error {
	all, err := s.GetContacts(ctx, acme, []string{id})
	if err == nil {
		_, err = register.Profiles(ctx, acme, []directory.Contact{all[id]})
	}
	if err == nil {
		_, err = s.Identities(ctx, acme, []string{id})
	}
	return err
}

// readContacts reads contacts here and there, and tells what the slowest hundredth took.
func readContacts(b *testing.B, n int, read func(id string) error) {
	b.Helper()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		if err := read(fmt.Sprintf("c-%07d", i*7919%n)); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
