import { useCallback, useMemo } from "react";
import type { Client } from "../api/client";
import type { Unit, UnitPage } from "../api/types";
import { useResource } from "../app/hooks";

/** So many are read at most: who has more of them sees identifiers for the rest. */
const most = 5_000;

type Kind = "KIND_LOCATION" | "KIND_REGION" | "KIND_EMPLOYEE";

export type Units = ReadonlyMap<string, Unit>;

/** The units of a kind by their names of the directory; none for those who may not list them. */
export function useUnits(client: Client, may: (permission: string) => boolean, kind: Kind): Units {
  const allowed = may("segmentation.units.list");
  const load = useCallback(
    async (signal: AbortSignal) => {
      const units: Unit[] = [];
      let token = "";
      do {
        const page: UnitPage = await client.get(
          `units?kind=${kind}&pageSize=1000${token === "" ? "" : `&pageToken=${encodeURIComponent(token)}`}`,
          signal,
        );
        units.push(...(page.units ?? []));
        token = page.nextPageToken ?? "";
      } while (token !== "" && units.length < most);
      return units;
    },
    [client, kind],
  );
  const { value } = useResource(allowed ? load : undefined);
  return useMemo(() => new Map((value ?? []).map((unit) => [unit.name ?? "", unit] as const)), [value]);
}

/** What a unit is called; its identifier where the directory says nothing of it. */
export function titleIn(units: Units, name: string): string {
  return units.get(name)?.displayName || bare(name);
}

/** The places of a region and of the regions within it. */
export function placesIn(region: string, places: Units, regions: Units): readonly string[] {
  const within = new Set([region]);
  // A region may be listed before the one that it lies in.
  for (let before = 0; before < within.size; ) {
    before = within.size;
    for (const [name, { parent = "" }] of regions) {
      if (within.has(parent)) {
        within.add(name);
      }
    }
  }
  return [...places].filter(([, { parent = "" }]) => within.has(parent)).map(([name]) => name);
}

/** A name of the directory without its collection. */
function bare(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}
