import en from "./en.json";
import ky from "./ky.json";
import ru from "./ru.json";

/** The texts of the page, which come with it. */
export const texts = { en, ky, ru };
