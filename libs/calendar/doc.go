// Package calendar cuts time into the buckets that scores are kept in and into the steps that trends are shown in.
//
// A bucket is a quarter of an hour of universal time, the finest length on which the local hours and days of every time
// zone in use begin. Steps are local: hours, days, ISO weeks, months, quarters and years of a time zone.
package calendar
