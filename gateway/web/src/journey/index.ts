import { addTexts } from "../i18n/add";
import "../styles/journey.css";
import { Journey } from "./Journey";
import { texts } from "./texts";

/** The page, with its texts in place. */
export function page(): typeof Journey {
  addTexts(texts);
  return Journey;
}
