import { Go } from "../app/Go";
import type { View } from "./view";

/** A place by its name, which leads to what was recorded there. */
export function PlaceLink({ view, place }: { view: View; place: string | undefined }) {
  return (
    <Go {...view} to={{ analysis: "summary", place: place ?? "" }}>
      {view.titleOf(place)}
    </Go>
  );
}
