package cube

import "slices"

// Surveys lists the surveys of which something is counted, in order.
func (c *Cube) Surveys() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ids := make([]string, 0, len(c.surveys))
	for id := range c.surveys {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
