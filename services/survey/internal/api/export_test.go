package api

import "context"

// SettleErasures, Retain and CountUsage are steps of the work in the background, for tests that do not wait for it.
func (s *Server) SettleErasures(ctx context.Context) error { return s.settleErasures(ctx) }

// MarkUnmarked is a step of the work in the background.
func (s *Server) MarkUnmarked(ctx context.Context) error { return s.markUnmarked(ctx) }

// Retain is a step of the work in the background.
func (s *Server) Retain(ctx context.Context) error { return s.retain(ctx) }

// CountUsage is a step of the work in the background.
func (s *Server) CountUsage(ctx context.Context) error { return s.countUsage(ctx) }

// LookAtVault finds out whether the vault is the one that it was.
func (s *Server) LookAtVault(ctx context.Context) error { return s.vault.look(ctx) }
