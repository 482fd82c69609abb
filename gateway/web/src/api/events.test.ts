import { describe, expect, it } from "vitest";
import { EventParser } from "./events";

const stream =
  'retry: 3000\n\n: a comment\nevent: scores\nid: 2017-05-01T09:30:00Z\ndata: {"a":\ndata: 1}\n\ndata:no space\r\n\r\nevent: heartbeat\rdata: {}\r\r';

const expected = [
  { type: "scores", data: '{"a":\n1}', id: "2017-05-01T09:30:00Z" },
  { type: "message", data: "no space", id: "2017-05-01T09:30:00Z" },
  { type: "heartbeat", data: "{}", id: "2017-05-01T09:30:00Z" },
];

describe("EventParser", () => {
  it("reads a stream in one piece", () => {
    const parser = new EventParser();
    expect(parser.push(stream)).toEqual(expected);
    expect(parser.retry).toBe(3000);
  });

  it("reads the same from pieces of any size", () => {
    for (let size = 1; size < stream.length; size++) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < stream.length; at += size) {
        events.push(...parser.push(stream.slice(at, at + size)));
      }
      expect(events, `pieces of ${size}`).toEqual(expected);
    }
  });

  it("holds back an event that is not complete", () => {
    const parser = new EventParser();
    expect(parser.push("event: scores\ndata: {}\n")).toEqual([]);
    expect(parser.push("\n")).toHaveLength(1);
  });

  it("passes over events without data and bad waits", () => {
    const parser = new EventParser();
    expect(parser.push("event: scores\n\nretry: soon\n\n")).toEqual([]);
    expect(parser.retry).toBeUndefined();
  });
});
