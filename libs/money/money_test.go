package money

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, currency string
		want           int64
		err            error
	}{
		{"63.34", "USD", 6334, nil},
		{"0.1", "USD", 10, nil},
		{"-12,5", "KGS", -1250, nil},
		{"−3", "KGS", -300, nil},
		{"1 250 000.00", "KGS", 125000000, nil},
		{"1\u00a0250", "KGS", 125000, nil},
		{"100", "JPY", 100, nil},
		{"100.0", "JPY", 100, nil},
		{"1.234", "KWD", 1234, nil},
		{"1.2340", "KWD", 1234, nil},
		{"100.5", "JPY", 0, ErrDigits},
		{"1.001", "USD", 0, ErrDigits},
		{"", "USD", 0, ErrMalformed},
		{".", "USD", 0, ErrMalformed},
		{"5.", "USD", 0, ErrMalformed},
		{".5", "USD", 0, ErrMalformed},
		{"12.50abc", "USD", 0, ErrMalformed},
		{"1,250.50", "USD", 0, ErrMalformed},
		{"1e5", "USD", 0, ErrMalformed},
		{"--1", "USD", 0, ErrMalformed},
		{"NaN", "USD", 0, ErrMalformed},
		{"100000000000", "USD", Most, nil},
		{"100000000000.01", "USD", 0, ErrRange},
		{"99999999999999999999999999", "USD", 0, ErrRange},
	} {
		got, err := Parse(c.text, c.currency)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q %s: got %d, %v", c.text, c.currency, got, err)
		}
	}
}

// Every amount that is written is read as it was.
func TestAmountsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-Most, Most).Draw(t, "amount")
		code := rapid.SampledFrom([]string{"USD", "KGS", "JPY", "KWD", "CLF"}).Draw(t, "currency")
		text := Format(float64(n), code)
		if got, err := Parse(text, code); err != nil || got != n {
			t.Fatalf("%d is written %s and read %d, %v", n, text, got, err)
		}
	})
}

// The table of digits names currencies that there are.
func TestUnusualCurrenciesExist(t *testing.T) {
	t.Parallel()
	for code := range unusualDigits {
		if code != "UYW" && !Known(code) { // ISO 4217 added UYW after the edition that the library holds
			t.Errorf("there is no currency %s", code)
		}
	}
	for _, code := range []string{"", "usd", "US", "ABC", "USDT"} {
		if Known(code) {
			t.Errorf("%q is taken for a currency", code)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, text := range []string{"63.34", "-0", "1 000,5", "0.0000000", "−1", "..", "٣"} {
		f.Add(text, "USD")
	}
	f.Fuzz(func(t *testing.T, text, code string) {
		n, err := Parse(text, code)
		if err != nil {
			return
		}
		if n > Most || n < -Most {
			t.Errorf("%q is %d", text, n)
		}
		if again, err := Parse(Format(float64(n), code), code); err != nil || again != n {
			t.Errorf("%q is %d, and written and read again %d, %v", text, n, again, err)
		}
	})
}
