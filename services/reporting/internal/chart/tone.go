package chart

import "math"

// Tone is a colour by the part that it plays, so that a chart has one look on light and another on dark ground. The colours differ in lightness as well as hue, so that
// those who cannot tell red from green can tell them apart; where a colour means something, a form or a word says it too.
type Tone uint8

// The tones.
const (
	Clear Tone = iota
	// Ground is what the chart is drawn on, Ink and Muted are for text, Rule is for lines that help to read.
	Ground
	Ink
	Muted
	Rule
	Pale
	// First to Fourth are the priorities of the matrix and the first series of a trend.
	First
	Second
	Third
	Fourth
	Fifth
	Sixth
	Gain
	Loss
	Total
	RedLight
	AmberLight
	GreenLight
	// Shade is the palest shade of a scale with shades steps; Below is the palest of those on its other side.
	Shade
	Below = Shade + shades
	tones = Below + shades
)

// shades is how many steps a scale of colours has.
const shades = 10

// RGB is a colour of a screen or of print.
type RGB struct{ R, G, B uint8 }

var onLight = [Shade]RGB{
	Ground: {0xff, 0xff, 0xff}, Ink: {0x1c, 0x25, 0x26}, Muted: {0x56, 0x63, 0x65}, Rule: {0xdb, 0xe1, 0xdf}, Pale: {0xf1, 0xf4, 0xf3},
	First: {0xb4, 0x53, 0x2f}, Second: {0xc9, 0x8a, 0x1b}, Third: {0x1b, 0x66, 0x61}, Fourth: {0x5f, 0x7f, 0xa8}, Fifth: {0x7b, 0x3f, 0x78}, Sixth: {0x6b, 0x6b, 0x2a},
	Gain: {0x1b, 0x66, 0x61}, Loss: {0xb4, 0x53, 0x2f}, Total: {0x56, 0x63, 0x65},
	RedLight: {0xc0, 0x39, 0x2b}, AmberLight: {0xe0, 0xa1, 0x00}, GreenLight: {0x2e, 0x8b, 0x57},
}

var onDark = [Shade]RGB{
	Ground: {0x1a, 0x22, 0x23}, Ink: {0xe4, 0xeb, 0xea}, Muted: {0xa0, 0xaf, 0xae}, Rule: {0x32, 0x40, 0x41}, Pale: {0x22, 0x2c, 0x2d},
	First: {0xe2, 0x89, 0x5f}, Second: {0xe6, 0xb8, 0x52}, Third: {0x6c, 0xc4, 0xbb}, Fourth: {0x93, 0xb2, 0xdc}, Fifth: {0xd0, 0x97, 0xcc}, Sixth: {0xc0, 0xc0, 0x7a},
	Gain: {0x6c, 0xc4, 0xbb}, Loss: {0xe2, 0x89, 0x5f}, Total: {0xa0, 0xaf, 0xae},
	RedLight: {0xf0, 0x7a, 0x6c}, AmberLight: {0xf0, 0xc2, 0x4b}, GreenLight: {0x72, 0xc9, 0x96},
}

// OnLight is the colour of t on light ground and in print.
func (t Tone) OnLight() RGB { return t.on(&onLight) }

// OnDark is the colour of t on dark ground.
func (t Tone) OnDark() RGB { return t.on(&onDark) }

func (t Tone) on(palette *[Shade]RGB) RGB {
	switch {
	case t < Shade:
		return palette[t]
	case t < Below:
		return blend(palette[Ground], palette[Gain], (float64(t-Shade)+0.6)/(shades-0.4))
	default:
		return blend(palette[Ground], palette[Loss], (float64(t-Below)+0.6)/(shades-0.4))
	}
}

func blend(a, b RGB, part float64) RGB {
	part = min(max(part, 0), 1)
	mix := func(x, y uint8) uint8 {
		return uint8(math.Round(float64(x) + part*(float64(y)-float64(x))))
	}
	return RGB{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B)}
}

// step is which of the shades stands for a part of a scale from 0 to 1.
func step(part float64) Tone {
	return Tone(min(max(math.Floor(part*shades), 0), shades-1))
}

// over is the tone of text on a shade.
func over(t Tone) Tone {
	if t >= Shade && (t-Shade)%shades >= shades/2 {
		return Ground
	}
	return Ink
}
