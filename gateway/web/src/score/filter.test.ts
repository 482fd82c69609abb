import { describe, expect, it } from "vitest";
import { both, condition, onComments } from "./filter";

describe("conditions", () => {
  it("are written as the API takes them", () => {
    expect(condition("location", 'the "old" one')).toBe('location = "the \\"old\\" one"');
    expect(condition("answers.nps", "9")).toBe("answers.nps = 9");
    expect(condition("answers.where", "b_1")).toBe('answers.where = "b_1"');
    expect(condition("theme", "wait")).toBe('theme:"wait"');
    expect(condition("theme", "")).toBe("NOT theme:*");
  });

  it("are joined so that both hold", () => {
    expect(both("", "a = 1")).toBe("a = 1");
    expect(both("a = 1", "b = 2")).toBe("a = 1 AND b = 2");
    expect(both("a = 1 OR c = 3", "b = 2")).toBe("(a = 1 OR c = 3) AND b = 2");
  });
});

describe("onComments", () => {
  it("finds what comments can be chosen by", () => {
    expect(onComments("")).toEqual({});
    expect(onComments('location = "A" AND channel = "a \\"b\\""')).toEqual({ location: "A", channel: 'a "b"' });
  });

  it("gives up where a condition would be lost", () => {
    for (const filter of ['location = "A*"', "answers.nps >= 9", 'location = "A" OR location = "B"', "segment:x"]) {
      expect(onComments(filter), filter).toBeUndefined();
    }
  });
});
