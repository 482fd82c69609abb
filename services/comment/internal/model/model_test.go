package model_test

import (
	"os"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/model"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := model.Load(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestName keeps the name usable in resource names and file names.
func TestName(t *testing.T) {
	t.Parallel()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Name) < 10 || len(m.Card) < 1000 {
		t.Errorf("name %q, card of %d bytes", m.Name, len(m.Card))
	}
}

// TestDamaged reads weights that were cut or changed on their way.
func TestDamaged(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("weights/" + model.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 8, 12, 100, len(data) / 2, len(data) - 1} {
		if _, err := model.Read(data[:n]); err == nil {
			t.Errorf("weights cut to %d bytes were read", n)
		}
	}
	changed := append([]byte(nil), data...)
	changed[len(changed)/3] ^= 1
	if _, err := model.Read(changed); err == nil {
		t.Error("changed weights were read")
	}
}
