/** One server-sent event. */
export interface ServerEvent {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

/**
 * Reads a stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. EventSource itself cannot send a
 * key in a header.
 */
export class EventParser {
  #rest = "";
  #type = "";
  #data: string[] = [];
  #id = "";
  #sawReturn = false;
  /** The wait before a reconnect that the server asked for last, in milliseconds; undefined before. */
  retry: number | undefined;

  /** Takes the next piece of text and returns the events that it completes. */
  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    // A line feed that follows a return of the piece before belongs to it.
    const input = this.#sawReturn && text.startsWith("\n") ? text.slice(1) : text;
    if (text !== "") {
      this.#sawReturn = text.endsWith("\r");
    }
    const lines = (this.#rest + input).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) {
        events.push(event);
      }
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") {
      return this.#dispatch();
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    switch (field) {
      case "event":
        this.#type = value;
        break;
      case "data":
        this.#data.push(value);
        break;
      case "id":
        if (!value.includes("\0")) {
          this.#id = value;
        }
        break;
      case "retry":
        if (/^\d+$/.test(value)) {
          this.retry = Number(value);
        }
        break;
      default:
      // Comments and unknown fields are passed over.
    }
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const event =
      this.#data.length === 0
        ? undefined
        : { type: this.#type || "message", data: this.#data.join("\n"), id: this.#id };
    this.#type = "";
    this.#data = [];
    return event;
  }
}
