// Package alarm evaluates alert rules: when a period has ended and all that arrived in it is counted, it reads the series of a rule's units from the
// planner, has them judged, and stores what becomes of alerts. What is counted late belongs to evaluations that come later; each says up to when it
// counted.
package alarm
