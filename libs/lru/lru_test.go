package lru_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/otklik/otklik/libs/lru"
)

func TestTheLeastRecentlyUsedLeaves(t *testing.T) {
	var gone []string
	c := lru.New(2, func(k string, v int) { gone = append(gone, fmt.Sprint(k, v)) })
	c.Put("a", 1)
	c.Put("b", 2)
	if v, ok := c.Get("a"); v != 1 || !ok {
		t.Errorf("a is %d, %v", v, ok)
	}
	c.Put("c", 3)
	if _, ok := c.Get("b"); ok {
		t.Error("b stays, although a was used after it")
	}
	c.Put("a", 4)
	c.Remove("a")
	c.Remove("a")
	if want := []string{"b2", "a1", "a4"}; !slices.Equal(gone, want) {
		t.Errorf("%v left, want %v", gone, want)
	}
	if v, ok := c.Get("c"); v != 3 || !ok || c.Len() != 1 {
		t.Errorf("c is %d, %v; %d are left", v, ok, c.Len())
	}
}

func TestNobodyNeedsToKnowWhatLeaves(t *testing.T) {
	c := lru.New[int, int](1, nil)
	c.Put(1, 1)
	c.Put(2, 2)
	if _, ok := c.Get(1); ok || c.Len() != 1 {
		t.Errorf("%d entries", c.Len())
	}
}
