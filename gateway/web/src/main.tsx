import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/score.css";
import "./styles/settings.css";
import "./styles/panel.css";
import "./styles/comments.css";
import "./styles/attention.css";
import "./styles/priorities.css";
import "./styles/overview.css";
import "./styles/map.css";
import { Client } from "./api/client";
import { App } from "./app/App";
import { takeKeyFromFragment } from "./app/key";
import { later } from "./app/later";
import { preferredLanguage, startTranslation } from "./i18n";
import { secretOf } from "./shared/secret";

/** A page for readers without a login, who have a link to one report. */
const Shared = later(async () => (await import("./shared/SharedPage")).page());
const secret = secretOf(location.pathname);

takeKeyFromFragment(location, history);
startTranslation(preferredLanguage(localStorage, navigator.languages));

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>{secret === "" ? <App /> : <Shared client={new Client()} secret={secret} />}</StrictMode>,
  );
}
