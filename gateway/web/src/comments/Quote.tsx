import type { Evidence } from "../api/types";
import { cut } from "./filter";

/** A comment with the words that show what is said. */
export function Quote({ evidence }: { evidence: Evidence }) {
  const [before, within, after] = cut(evidence.text ?? "", evidence.span);
  return (
    <blockquote>
      {before}
      {within !== "" && <mark>{within}</mark>}
      {after}
    </blockquote>
  );
}
