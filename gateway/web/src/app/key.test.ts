import { beforeEach, describe, expect, it } from "vitest";
import { storedKey, takeKeyFromFragment } from "./key";

describe("takeKeyFromFragment", () => {
  beforeEach(() => sessionStorage.clear());

  it("takes the key out of the address bar", () => {
    history.replaceState(null, "", "/?survey=surveys/a#key=otk_a%2Bb&x=1");
    takeKeyFromFragment(location, history);
    expect(storedKey()).toBe("otk_a+b");
    expect(location.href).toMatch(/\/\?survey=surveys\/a#x=1$/);
  });

  it("leaves other fragments and the key that is there alone", () => {
    sessionStorage.setItem("otklik.key", "old");
    history.replaceState(null, "", "/#top");
    takeKeyFromFragment(location, history);
    expect(storedKey()).toBe("old");
    expect(location.hash).toBe("#top");
    history.replaceState(null, "", "/#key=");
    takeKeyFromFragment(location, history);
    expect(storedKey()).toBe("old");
    expect(location.hash).toBe("");
  });
});
