package harness

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Kill ends every process by SIGKILL, as if the machine had lost its process table, and closes the connections of the harness.
func (s *Suite) Kill() {
	for _, r := range s.Replicas() {
		s.KillReplica(r)
	}
	s.conns.close()
}

// KillPart ends every process of a part by SIGKILL.
func (s *Suite) KillPart(part Part) {
	for _, r := range s.ReplicasOf(part) {
		s.KillReplica(r)
	}
}

// KillReplica ends one process by SIGKILL.
func (s *Suite) KillReplica(r Replica) {
	if p := s.procs[r]; p != nil {
		p.kill()
	}
}

// Pause stops a process by SIGSTOP: it does nothing until Wake, and does not know that it did nothing.
func (s *Suite) Pause(r Replica) error { return s.signal(r, syscall.SIGSTOP) }

// Wake lets a paused process go on.
func (s *Suite) Wake(r Replica) error { return s.signal(r, syscall.SIGCONT) }

func (s *Suite) signal(r Replica, sig syscall.Signal) error {
	if err := s.procs[r].cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("send %v to %s: %w", sig, r, err)
	}
	return nil
}

// Terminate sends SIGTERM to every process and returns at once.
func (s *Suite) Terminate() error {
	var errs []error
	for _, r := range s.Replicas() {
		if p := s.procs[r]; p != nil && p.alive() {
			errs = append(errs, p.terminate())
		}
	}
	return errors.Join(errs...)
}

// Wait waits for the end of every process and fails unless each ends in time with exit code 0.
func (s *Suite) Wait(timeout time.Duration) error {
	var errs []error
	for _, r := range s.Replicas() {
		if p := s.procs[r]; p != nil {
			errs = append(errs, p.waitOrderly(r, timeout))
		}
	}
	return errors.Join(errs...)
}

// Stop ends the suite by SIGTERM: front first, as one would, so that requests under way can finish. It fails unless every process ends in time
// with exit code 0.
func (s *Suite) Stop(timeout time.Duration) error {
	s.conns.close()
	all := s.Replicas()
	for i := len(all) - 1; i >= 0; i-- {
		if err := s.StopReplica(all[i], timeout); err != nil {
			return err
		}
	}
	return nil
}

// StopReplica ends one process by SIGTERM. It fails unless the process ends in time with exit code 0.
func (s *Suite) StopReplica(r Replica, timeout time.Duration) error {
	p := s.procs[r]
	if p == nil {
		return nil
	}
	if err := p.terminate(); err != nil {
		return fmt.Errorf("stop %s: %w", r, err)
	}
	return p.waitOrderly(r, timeout)
}

// waitOrderly waits for the end of a process and fails unless its exit code is 0.
func (p *process) waitOrderly(r Replica, timeout time.Duration) error {
	code, err := p.wait(timeout)
	if err != nil {
		return fmt.Errorf("stop %s: %w", r, err)
	}
	if code != 0 {
		return fmt.Errorf("stop %s: exit code %d", r, code)
	}
	return nil
}
