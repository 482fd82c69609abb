import "../styles/operations.css";
import { addTexts } from "../i18n/add";
import { Operations } from "./Operations";
import { texts } from "./texts";

/** The page, with its texts in place. */
export function page(): typeof Operations {
  addTexts(texts);
  return Operations;
}
