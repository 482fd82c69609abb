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
import { App } from "./app/App";
import { takeKeyFromFragment } from "./app/key";
import { preferredLanguage, startTranslation } from "./i18n";

takeKeyFromFragment(location, history);
startTranslation(preferredLanguage(localStorage, navigator.languages));

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
