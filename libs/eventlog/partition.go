package eventlog

// Partition is the partition, of count, that events with a key belong to. Stores and streams remember it: it must never change.
func Partition(key string, count int) int {
	if count <= 1 {
		return 0
	}
	// FNV-1a, stirred once more because the lowest bits of FNV alone follow the last bytes of keys too closely.
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h ^= uint64(key[i])
		h *= 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return int(h % uint64(count))
}
