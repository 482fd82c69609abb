package relational

// casePersonTables are the tables of what is kept of contacts in cases.
func casePersonTables() []personTable {
	return []personTable{
		{table: "cases", kind: "cases", name: "'cases/' || id", time: "create_time", content: "body", erase: eraseCases},
		{table: "case_entries", kind: "case_entries", name: "'cases/' || case_id", time: "time", content: "body"},
		{table: "case_links", kind: "case_links", name: "'cases/' || case_id", time: "time"},
		{table: "case_spans", kind: "case_spans", name: "'cases/' || case_id", time: "start_time"},
		{table: "case_responses", kind: "case_responses", name: "response", time: "time"},
	}
}
