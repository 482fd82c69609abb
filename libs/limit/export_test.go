package limit

// Remembered is the number of callers that a limiter holds in memory.
func Remembered(m *Memory) int {
	n := 0
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += len(m.shards[i].due)
		m.shards[i].mu.Unlock()
	}
	return n
}
