package redaction

// luhn says whether digits pass the check of bank cards.
func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// value is the number that few digits make.
func value(d []byte) int {
	n := 0
	for _, c := range d {
		n = n*10 + int(c-'0')
	}
	return n
}

// issued says whether card numbers begin and are as long as these digits. Sure are the ranges that hold nothing but cards.
func issued(d []byte) (ok, sure bool) {
	n, two, four := len(d), value(d[:2]), value(d[:4])
	switch {
	case d[0] == '4':
		return n == 13 || n == 16 || n == 19, n == 16
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return n == 16, true
	case four >= 2200 && four <= 2204:
		return n >= 16 && n <= 19, true
	case two == 34 || two == 37:
		return n == 15, true
	case two == 62, two == 81:
		return n >= 16 && n <= 19, n == 16
	case four == 9417, four == 9860, four == 8600, four == 9112, four == 9762: // Elcart, Humo, Uzcard, Belkart
		return n == 16, true
	case four >= 3528 && four <= 3589, four == 6011, two == 65:
		return n >= 16 && n <= 19, n == 16
	case two == 36, two == 38, two == 39, two == 30:
		return n == 14, false
	case two == 50, two >= 56 && two <= 69:
		return n >= 13 && n <= 19, false
	}
	return false, false
}

// dated says whether day, month and year can be those of a birth.
func dated(day, month, year int) bool {
	return day >= 1 && day <= 31 && month >= 1 && month <= 12 && year >= 1900 && year <= 2035
}

// kgPIN tells the personal numbers of Kyrgyzstan: sex, date of birth, five digits.
func kgPIN(d []byte) bool {
	return len(d) == 14 && (d[0] == '1' || d[0] == '2') && dated(value(d[1:3]), value(d[3:5]), value(d[5:9]))
}

// weighed is the sum of the first digits with these weights.
func weighed(d []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(d[i]-'0') * w
	}
	return sum
}

// ruINN tells Russian tax numbers of 10 and 12 digits by their check digits.
func ruINN(d []byte) bool {
	switch len(d) {
	case 10:
		return weighed(d, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == int(d[9]-'0')
	case 12:
		return weighed(d, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == int(d[10]-'0') &&
			weighed(d, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == int(d[11]-'0')
	}
	return false
}

// kzIIN tells the individual numbers of Kazakhstan: date of birth, century and sex, check digit.
func kzIIN(d []byte) bool {
	if len(d) != 12 || d[6] < '0' || d[6] > '6' || !dated(value(d[4:6]), value(d[2:4]), 2000) {
		return false
	}
	k := weighed(d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) % 11
	if k == 10 {
		k = weighed(d, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2) % 11
	}
	return k == int(d[11]-'0')
}

// snils tells Russian insurance numbers by their check digits.
func snils(d []byte) bool {
	if len(d) != 11 {
		return false
	}
	return weighed(d, 9, 8, 7, 6, 5, 4, 3, 2, 1)%101%100 == value(d[9:])
}
