import { describe, expect, it } from "vitest";
import { Client } from "./client";
import { ApiError, errorOf } from "./error";

describe("Client", () => {
  it("collects all pages of surveys", async () => {
    const paths: string[] = [];
    const client = new Client("k", async (input) => {
      paths.push(String(input));
      return Response.json(
        paths.length === 1
          ? { surveys: [{ name: "a" }], nextPageToken: "t/1+" }
          : { surveys: [{ name: "b" }], nextPageToken: "" },
      );
    });
    expect(await client.surveys()).toHaveLength(2);
    expect(paths).toEqual(["/v1/surveys?pageSize=500", "/v1/surveys?pageSize=500&pageToken=t%2F1%2B"]);
  });

  it("tells a server that cannot be reached from one that refuses", async () => {
    const unreachable = new Client("k", () => Promise.reject(new TypeError("failed to fetch")));
    await expect(unreachable.surveys()).rejects.toMatchObject({
      name: "ApiError",
      status: 0,
      reason: "NETWORK",
      passing: true,
    });
    const refusing = new Client("k", async () => new Response("<html>", { status: 401 }));
    await expect(refusing.surveys()).rejects.toMatchObject({ status: 401, passing: false });
  });

  it("lets an abort through as such", async () => {
    const controller = new AbortController();
    const client = new Client("k", (_, init) => {
      controller.abort();
      return Promise.reject(init?.signal?.reason);
    });
    await expect(client.surveys(controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("errorOf", () => {
  it("reads reason and advice", () => {
    const error = errorOf(
      {
        error: {
          code: 503,
          message: "full",
          details: [
            { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "STORAGE_FULL" },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.500s" },
          ],
        },
      },
      { status: 0 },
    );
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 503,
      reason: "STORAGE_FULL",
      retryAfter: 1500,
      message: "full",
      passing: true,
    });
  });

  it("makes do with what is no error of ours", () => {
    for (const body of [undefined, null, "x", {}, { error: null }, { error: { message: "x" } }]) {
      expect(errorOf(body, { status: 502 })).toMatchObject({ status: 502, message: "HTTP 502" });
    }
  });
});
