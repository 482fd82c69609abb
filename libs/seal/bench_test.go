package seal

import (
	"fmt"
	"testing"
)

// BenchmarkSeal is what a submission pays for sealing a comment, and BenchmarkKeyFor what it pays for a key.
func BenchmarkSeal(b *testing.B) {
	key, text := NewKey(someMoment), make([]byte, 200)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Seal(key, text, []byte("row")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkKeyFor gives each person a new key, which is the dearest case: leases in the background are counted too.
func BenchmarkKeyFor(b *testing.B) {
	k := NewKeeper(newShelf(), KeeperOptions{})
	i := 0
	for b.Loop() {
		i++
		if _, err := k.KeyFor(b.Context(), fmt.Sprint("p_", i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := k.Close(); err != nil {
		b.Fatal(err)
	}
}
