package postgres

import "context"

// room has places for those who may keep a connection for long, so that they leave some for others.
type room chan struct{}

// streamRoom is the room for readers of long results.
func streamRoom(connections int32) room { return make(room, max(1, connections/4)) }

// batchRoom is the room for batches of live ledgers: while one holds those, they wait with their connections, and the holder needs others to get on.
func batchRoom(connections int32) room { return make(room, max(1, connections/2-1)) }

// enter waits for a place.
func (r room) enter(ctx context.Context) error {
	select {
	case r <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives the place back.
func (r room) leave() { <-r }
