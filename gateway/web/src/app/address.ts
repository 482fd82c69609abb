import { useCallback, useSyncExternalStore } from "react";

/** What the address bar says is shown. */
export interface Address {
  /** The survey's name, `surveys/…`, or "". */
  readonly survey: string;
  readonly question: string;
  readonly metric: string;
  readonly grain: string;
  /** Which answers are counted: a filter as the API takes it, and the first and the last day, `2026-03-01`, or "". */
  readonly filter: string;
  readonly from: string;
  readonly to: string;
  /** What is shown instead of scores: `overview`, `priorities`, `map`, `journey`, `operations`, `reports`, `lights`, `cases`, `comments`, or "". */
  readonly page: string;
  /** Of what to fix first, and of journeys and of operations: which analysis, of which outcome, and the questions that are left out, with commas between, or "". */
  readonly analysis: string;
  readonly outcome: string;
  readonly without: string;
  /** Of drivers, of the map, of journeys and of operations: by which measure. */
  readonly measure: string;
  /** Of bridges, strengths and comparisons: what answers are told apart by; and the first and the last day of the period before. */
  readonly by: string;
  readonly beforeFrom: string;
  readonly beforeTo: string;
  /** Of tables: what the rows and the columns are; of experiments: the control, and the shares that were intended. */
  readonly row: string;
  readonly column: string;
  /** Of operations: the region, `regions/…`, the currency, the place, `locations/…`, and the definition of key figures, `kpiDefinitions/…`, or "". */
  readonly region: string;
  readonly currency: string;
  readonly place: string;
  readonly kpi: string;
  /** Of reports: which part of the page, the report, `reports/…`, what it is about, `locations/…` or the like, and whether a schedule is being made, or "". */
  readonly part: string;
  readonly report: string;
  readonly subject: string;
  readonly doing: string;
  /** Of comments: the aspect, `aspects/…`, the sentiment and the words that they must have, or "". */
  readonly aspect: string;
  readonly sentiment: string;
  readonly words: string;
  /** Of lights: what they are of, the colour, and whether the work order is shown, or "". */
  readonly kind: string;
  readonly colour: string;
  readonly order: string;
  /** Of cases: which are listed, and the one that is shown, `cases/…`, or "". */
  readonly inbox: string;
  readonly case: string;
  /** The part of the settings that is shown instead of all that, or "". */
  readonly settings: string;
}

const changed = "otklik:address";

/** Reads an address from the query of a URL. */
export function parseAddress(search: string): Address {
  const parameters = new URLSearchParams(search);
  return {
    survey: parameters.get("survey") ?? "",
    question: parameters.get("question") ?? "",
    metric: parameters.get("metric") ?? "",
    grain: parameters.get("grain") ?? "",
    filter: parameters.get("filter") ?? "",
    from: parameters.get("from") ?? "",
    to: parameters.get("to") ?? "",
    page: parameters.get("page") ?? "",
    analysis: parameters.get("analysis") ?? "",
    outcome: parameters.get("outcome") ?? "",
    without: parameters.get("without") ?? "",
    measure: parameters.get("measure") ?? "",
    by: parameters.get("by") ?? "",
    beforeFrom: parameters.get("beforeFrom") ?? "",
    beforeTo: parameters.get("beforeTo") ?? "",
    row: parameters.get("row") ?? "",
    column: parameters.get("column") ?? "",
    region: parameters.get("region") ?? "",
    currency: parameters.get("currency") ?? "",
    place: parameters.get("place") ?? "",
    kpi: parameters.get("kpi") ?? "",
    part: parameters.get("part") ?? "",
    report: parameters.get("report") ?? "",
    subject: parameters.get("subject") ?? "",
    doing: parameters.get("doing") ?? "",
    aspect: parameters.get("aspect") ?? "",
    sentiment: parameters.get("sentiment") ?? "",
    words: parameters.get("words") ?? "",
    kind: parameters.get("kind") ?? "",
    colour: parameters.get("colour") ?? "",
    order: parameters.get("order") ?? "",
    inbox: parameters.get("inbox") ?? "",
    case: parameters.get("case") ?? "",
    settings: parameters.get("settings") ?? "",
  };
}

/** Writes an address as the query of a URL, without what is empty. */
export function formatAddress(address: Address): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(address)) {
    if (value !== "") {
      parameters.set(name, value);
    }
  }
  const text = parameters.toString().replaceAll("%2F", "/");
  return text === "" ? "" : `?${text}`;
}

function subscribe(listener: () => void): () => void {
  addEventListener("popstate", listener);
  addEventListener(changed, listener);
  return () => {
    removeEventListener("popstate", listener);
    removeEventListener(changed, listener);
  };
}

/** What is shown, kept in the address bar: it can be shared, and the browser's back button works. */
export function useAddress(): [Address, (change: Partial<Address>) => void] {
  const search = useSyncExternalStore(subscribe, () => location.search);
  const change = useCallback((part: Partial<Address>) => {
    const next = formatAddress({ ...parseAddress(location.search), ...part });
    history.pushState(null, "", location.pathname + next + location.hash);
    dispatchEvent(new Event(changed));
  }, []);
  return [parseAddress(search), change];
}
