package redaction

import "testing"

// Digits of full width, on keys, Arabic and mathematical ones say as much as plain ones.
func TestDisguisedDigits(t *testing.T) {
	check(t, Phone, []string{
		"‹０５５５１２３４５６›", "тел ‹0️⃣5️⃣5️⃣5️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣› звоните", "‹0555１２３４５６›", "‹+９９６ ５５５ １２３４５６›", "‹＋９９６５５５１２３４５６›", "‹٠٥٥٥١٢٣٤٥٦›",
		"‹𝟎𝟓𝟓𝟓𝟏𝟐𝟑𝟒𝟓𝟔›", "‹0⃣5⃣5⃣5⃣1⃣2⃣3⃣4⃣5⃣6⃣›",
		"заказ № ０５５５１２３４５６", "5️⃣/5️⃣", "1️⃣ вкусно 2️⃣ быстро", "１００％", "🔟", "５",
	})
	check(t, Card, []string{"карта ‹４１１１ １１１１ １１１１ １１１１›"})
}

// Links bear phone numbers of persons; numbers of firms and orders in them are left.
func TestPhonesInLinks(t *testing.T) {
	check(t, Phone, []string{
		"https://otklik.kg/o/‹79991234567›", "https://otklik.kg/o/‹79991234567›?lang=ky", "wa.me/‹996555123456›", "https://otklik.kg/?p=‹0555123456›", "otklik.kg/u/‹0700123456›/edit",
		"https://shop.kg/order/79991234567", "https://2gis.kg/firm/70000001036462", "https://otklik.kg/2024/79991234567", "https://otklik.kg/o/1234567890", "12/0555",
	})
}
