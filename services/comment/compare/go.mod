// What others make of the same comments: the rivals are large and none of the suite's own dependencies, so they stand apart. Run with
// GOWORK=off go -C services/comment/compare test -bench .
module github.com/otklik/otklik/services/comment/compare

go 1.26.0

replace github.com/otklik/otklik => ../../..

replace github.com/otklik/otklik/proto/gen/go => ../../../proto/gen/go

require (
	github.com/otklik/otklik v0.0.0-00010101000000-000000000000
	github.com/pemistahl/lingua-go v1.4.0
)

require (
	github.com/jonreiter/govader v0.0.0-20250429093935-f6505c8d03cc // indirect
	github.com/shopspring/decimal v1.3.1 // indirect
	golang.org/x/exp v0.0.0-20261014143641-f0251eb4aa3e // indirect
	golang.org/x/text v0.43.0 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
