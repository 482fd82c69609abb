package sqlite

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
)

// cdnowPurchases are the purchases of CDNOW's customers, in the order of the file. Receipts are made of the number of the row; customers are named by Respondent.
func cdnowPurchases(t testing.TB) []purchase.Purchase {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, "cdnow/cdnow_even.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(plain).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	var out []purchase.Purchase
	for i, row := range rows[1:] {
		cells := map[string]string{
			purchase.ColumnReceipt: fmt.Sprint(i + 1), purchase.ColumnRespondent: row[0], purchase.ColumnTime: row[2], purchase.ColumnAmount: row[4],
			purchase.ColumnCurrency: "USD",
		}
		p, problems := purchase.ReadPurchase(func(heading string) string { return cells[heading] }, time.UTC, now)
		if len(problems) > 0 {
			t.Fatalf("row %d: %v", i+1, problems)
		}
		out = append(out, p)
	}
	return out
}
