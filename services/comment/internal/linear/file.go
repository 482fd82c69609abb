package linear

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// magic begins every file of weights; the digit is the version of the format.
const magic = "OTKLW1\n\x00"

// File is a container of named sections, in the order in which they were added.
type File struct {
	names    []string
	sections map[string][]byte
}

// Section is what a model puts away or takes out: integers, floats and small weights after each other.
type Section struct {
	data []byte
	err  error
}

// NewFile returns an empty container.
func NewFile() *File { return &File{sections: map[string][]byte{}} }

// Put adds a section, or puts another in its place.
func (f *File) Put(name string, s *Section) {
	if _, ok := f.sections[name]; !ok {
		f.names = append(f.names, name)
	}
	f.sections[name] = s.data
}

// Get returns a section to read from.
func (f *File) Get(name string) (*Section, error) {
	data, ok := f.sections[name]
	if !ok {
		return nil, fmt.Errorf("read weights: no section %q", name)
	}
	return &Section{data: data}, nil
}

// Names returns the names of the sections.
func (f *File) Names() []string { return f.names }

// Bytes returns the file.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	for _, name := range f.names {
		data := f.sections[name]
		var head [9]byte
		head[0] = byte(len(name))
		binary.LittleEndian.PutUint32(head[1:], uint32(len(data))) //nolint:gosec // sections are megabytes at most
		binary.LittleEndian.PutUint32(head[5:], crc32.ChecksumIEEE(data))
		b.Write(head[:])
		b.WriteString(name)
		b.Write(data)
	}
	return b.Bytes()
}

// ReadFile reads a container. The sections share the memory of data.
func ReadFile(data []byte) (*File, error) {
	if !bytes.HasPrefix(data, []byte(magic)) {
		return nil, errors.New("read weights: not a file of weights")
	}
	f := NewFile()
	for rest := data[len(magic):]; len(rest) > 0; {
		if len(rest) < 9 {
			return nil, errors.New("read weights: cut short")
		}
		name, size, sum := int(rest[0]), int(binary.LittleEndian.Uint32(rest[1:])), binary.LittleEndian.Uint32(rest[5:])
		rest = rest[9:]
		if len(rest) < name || len(rest)-name < size {
			return nil, errors.New("read weights: cut short")
		}
		body := rest[name : name+size : name+size]
		if crc32.ChecksumIEEE(body) != sum {
			return nil, fmt.Errorf("read weights: section %q is damaged", rest[:name])
		}
		f.Put(string(rest[:name]), &Section{data: body})
		rest = rest[name+size:]
	}
	return f, nil
}

// PutInt appends an integer.
func (s *Section) PutInt(v int) {
	s.data = binary.LittleEndian.AppendUint32(s.data, uint32(int32(v))) //nolint:gosec // small numbers only
}

// PutFloats appends numbers.
func (s *Section) PutFloats(v []float32) {
	s.PutInt(len(v))
	for _, x := range v {
		s.data = binary.LittleEndian.AppendUint32(s.data, math.Float32bits(x))
	}
}

// PutWeights appends small weights.
func (s *Section) PutWeights(v []int8) {
	s.PutInt(len(v))
	for _, x := range v {
		s.data = append(s.data, byte(x)) //nolint:gosec // the same eight bits
	}
}

// Int takes an integer.
func (s *Section) Int() int {
	b := s.take(4)
	if b == nil {
		return 0
	}
	return int(int32(binary.LittleEndian.Uint32(b))) //nolint:gosec // written by PutInt
}

// Floats takes numbers.
func (s *Section) Floats() []float32 {
	n := s.Int()
	b := s.take(4 * n)
	if b == nil {
		return nil
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// Weights takes small weights.
func (s *Section) Weights() []int8 {
	b := s.take(s.Int())
	if b == nil {
		return nil
	}
	out := make([]int8, len(b))
	for i, x := range b {
		out[i] = int8(x) //nolint:gosec // the same eight bits
	}
	return out
}

// Err returns what went wrong since the section was opened.
func (s *Section) Err() error { return s.err }

func (s *Section) take(n int) []byte {
	if s.err != nil || n < 0 || n > len(s.data) {
		if s.err == nil {
			s.err = errors.New("read weights: section is cut short")
		}
		return nil
	}
	b := s.data[:n]
	s.data = s.data[n:]
	return b
}
