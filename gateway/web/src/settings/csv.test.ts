import { describe, expect, it } from "vitest";
import { auditHead, auditLine, csvCell, csvLine, personLines } from "./csv";

describe("csvCell", () => {
  it("makes no formula of what somebody typed", () => {
    for (const text of [
      "=1+1",
      "+1",
      "-2+3",
      "@SUM(A1)",
      "\t=1",
      "\r=1",
      " =1",
      "\n=cmd",
      "＝1+1",
      "|x",
      '=HYPERLINK("https://evil")',
    ]) {
      const cell = csvCell(text);
      expect(cell.replace(/^"/, "").startsWith("'"), text).toBe(true);
    }
  });

  it("keeps what is a number and quotes what would break the table", () => {
    expect(csvCell(-5)).toBe("-5");
    expect(csvCell(Number.NaN)).toBe("NaN");
    expect(csvCell(undefined)).toBe("");
    expect(csvCell(false)).toBe("false");
    expect(csvCell('a "b", c')).toBe('"a ""b"", c"');
    expect(csvCell("a\r\nb")).toBe('"a\r\nb"');
    expect(csvCell("Айгүл")).toBe("Айгүл");
    expect(csvLine(["a", 1, null])).toBe("a,1,\r\n");
  });
});

describe("lines", () => {
  it("writes an entry of the audit log under its head", () => {
    const line = auditLine({
      sequence: "7",
      actor: "members/m1",
      actorName: "=cmd",
      outcome: "OUTCOME_DENIED",
      start: "0",
    });
    expect(line.split(",")).toHaveLength(auditHead.split(",").length);
    expect(line).toContain(`"'=cmd"`);
  });

  it("writes each value that is kept of a person", () => {
    const lines = personLines({
      service: "survey",
      kind: "responses",
      name: "surveys/s/responses/r",
      content: { answers: [{ question: "why", freeText: "+good" }], language: "ky" },
    });
    expect(lines.split("\r\n").slice(0, -1)).toEqual([
      "survey,responses,surveys/s/responses/r,,answers[0].question,why",
      `survey,responses,surveys/s/responses/r,,answers[0].freeText,"'+good"`,
      "survey,responses,surveys/s/responses/r,,language,ky",
    ]);
  });
});
