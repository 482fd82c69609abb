package authn

// Remembered is how many secrets a resolver remembers, known and refused.
func Remembered(r *Resolver) (known, refused int) {
	r.cache.mu.Lock()
	defer r.cache.mu.Unlock()
	return r.cache.known.Len(), r.cache.refused.Len()
}

// Waiting is how many questions about secrets a resolver has under way.
func Waiting(r *Resolver) int {
	r.cache.mu.Lock()
	defer r.cache.mu.Unlock()
	return len(r.cache.flights)
}
