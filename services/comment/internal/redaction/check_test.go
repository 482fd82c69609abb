package redaction

import "testing"

func TestCheckDigits(t *testing.T) {
	for _, c := range []struct {
		name   string
		check  func([]byte) bool
		digits string
		want   bool
	}{
		{"card", luhn, "4111111111111111", true},
		{"card", luhn, "4111111111111112", false},
		{"card", luhn, "378282246310005", true},
		{"PIN of Kyrgyzstan", kgPIN, "21505199001234", true},
		{"PIN of no date", kgPIN, "23205199001234", false},
		{"PIN of no sex", kgPIN, "31505199001234", false},
		{"PIN too short", kgPIN, "2150519900123", false},
		{"Russian tax number of a person", ruINN, "500100732259", true},
		{"Russian tax number of a person", ruINN, "500100732258", false},
		{"Russian tax number of a firm", ruINN, "7707083893", true},
		{"Russian tax number of a firm", ruINN, "7707083894", false},
		{"СНИЛС", snils, "11223344595", true},
		{"СНИЛС", snils, "11223344596", false},
		{"number of Kazakhstan of no date", kzIIN, "851301300123", false},
		{"number of Kazakhstan too long", kzIIN, "8501013001230", false},
	} {
		if got := c.check([]byte(c.digits)); got != c.want {
			t.Errorf("%s %s: %v", c.name, c.digits, got)
		}
	}
}

// One of the ten last digits makes a number of Kazakhstan, or none where the check is 10 twice.
func TestCheckDigitOfKazakhstan(t *testing.T) {
	passed := 0
	for last := byte('0'); last <= '9'; last++ {
		if kzIIN(append([]byte("85010130012"), last)) {
			passed++
		}
	}
	if passed > 1 {
		t.Errorf("%d last digits pass", passed)
	}
}

func TestIssuers(t *testing.T) {
	for digits, want := range map[string]bool{
		"4111111111111111": true, "5555555555554444": true, "2221000000000009": true, "2200000000000053": true, "9417000000000000": true, "378282246310005": true,
		"6200000000000005": true, "1111111111111111": false, "0000000000000000": false, "490154203237518": false, "5555555555555": false, "9999999999999999": false,
	} {
		if ok, _ := issued([]byte(digits)); ok != want {
			t.Errorf("%s: %v", digits, ok)
		}
	}
}
