package linear_test

import (
	"slices"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/linear"
)

func written() []byte {
	f := linear.NewFile()
	a, b := &linear.Section{}, &linear.Section{}
	a.PutInt(-7)
	a.PutFloats([]float32{1.5, -2})
	b.PutWeights([]int8{-128, 0, 127})
	f.Put("a", a)
	f.Put("b", b)
	return f.Bytes()
}

func TestFile(t *testing.T) {
	t.Parallel()
	f, err := linear.ReadFile(written())
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.Get("a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Get("b")
	if err != nil {
		t.Fatal(err)
	}
	if n, x := a.Int(), a.Floats(); n != -7 || !slices.Equal(x, []float32{1.5, -2}) || a.Err() != nil {
		t.Errorf("read %d, %v, %v", n, x, a.Err())
	}
	if w := b.Weights(); !slices.Equal(w, []int8{-128, 0, 127}) || b.Err() != nil {
		t.Errorf("read %v, %v", w, b.Err())
	}
	if b.Int(); b.Err() == nil {
		t.Error("read beyond the end")
	}
	if _, err := f.Get("c"); err == nil {
		t.Error("got a section that is not there")
	}
}

// FuzzFile reads anything: an error, never a panic.
func FuzzFile(f *testing.F) {
	f.Add(written())
	f.Add([]byte("OTKLW1\n\x00\x01\xff\xff\xff\xff\x00\x00\x00\x00a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := linear.ReadFile(data)
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			s, err := file.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			_, _, _ = s.Int(), s.Floats(), s.Weights()
		}
	})
}
