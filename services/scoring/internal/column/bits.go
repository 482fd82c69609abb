package column

// Codes are packed in the least of 0, 1, 2, 4, 8, 16 or 32 bits that holds all of them: none straddles a byte, which makes them quick to
// read, for at most one bit in four more than the least possible.

// bitsFor is the number of bits for codes below n.
func bitsFor(n int) int {
	bits := 0
	for n > 1<<bits {
		bits = max(1, 2*bits)
	}
	return bits
}

// packedLen is the number of bytes of n codes.
func packedLen(n, bits int) int { return (n*bits + 7) / 8 }

func appendCodes(b []byte, codes []uint32, less uint32, bits int) []byte {
	switch {
	case bits == 0:
	case bits < 8:
		for len(codes) > 0 {
			var packed uint32
			n := min(8/bits, len(codes))
			for i, c := range codes[:n] {
				packed |= (c - less) << (i * bits)
			}
			b = append(b, byte(packed))
			codes = codes[n:]
		}
	default:
		for _, c := range codes {
			for shift := 0; shift < bits; shift += 8 {
				b = append(b, byte((c-less)>>shift))
			}
		}
	}
	return b
}

// readCodes reads n codes into out, each greater by `more`; false when bits that mean nothing are set.
func readCodes(out []uint32, b []byte, n int, more uint32, bits int) ([]uint32, bool) {
	switch bits {
	case 0:
		for range n {
			out = append(out, more)
		}
	case 8:
		for _, c := range b[:n] {
			out = append(out, uint32(c)+more)
		}
	case 16:
		for i := range n {
			out = append(out, uint32(b[2*i])|uint32(b[2*i+1])<<8+more)
		}
	case 32:
		for i := range n {
			out = append(out, uint32(b[4*i])|uint32(b[4*i+1])<<8|uint32(b[4*i+2])<<16|uint32(b[4*i+3])<<24+more)
		}
	default:
		per, mask := 8/bits, byte(1)<<bits-1
		for i := 0; i < n; i += per {
			packed := b[i/per]
			for range min(per, n-i) {
				out = append(out, uint32(packed&mask)+more)
				packed >>= bits
			}
			if packed != 0 {
				return out, false
			}
		}
	}
	return out, true
}
