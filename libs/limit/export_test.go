package limit

// Remembered is the number of keys and organisations that a limiter holds in memory.
func Remembered(m *Memory) int {
	n := 0
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += len(m.shards[i].callers.due)
		m.shards[i].mu.Unlock()
	}
	return n
}

// RememberedDevices is the number of devices that a limiter holds in memory; it must be what the limiter thinks.
func RememberedDevices(m *Memory) int {
	n := 0
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += len(m.shards[i].devices.due)
		m.shards[i].mu.Unlock()
	}
	if int64(n) != m.devices.Load() {
		return -1
	}
	return n
}

// SetMaxDevices sets how many devices a limiter remembers at most.
func SetMaxDevices(m *Memory, n int64) { m.maxDevices = n }
