-- +goose Up

-- No two shifts of an employee are of the same time, wherever he works; 9 is the kind of shifts.
CREATE INDEX operation_shifts_by_employee ON operation_records (organization, employee, start_time) WHERE kind = 9;
