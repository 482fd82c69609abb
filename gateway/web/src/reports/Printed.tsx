import { useEffect, useRef } from "react";

const elements = new Set(
  "article header p h1 h2 h3 dl dt dd nav ol ul li a section div span small table thead tbody tr th td figure figcaption details summary footer time br svg polyline polygon circle text title".split(
    " ",
  ),
);

const attributes = new Set(
  "class id href scope role aria-label tabindex lang datetime viewBox points cx cy r x y fill fill-opacity stroke-opacity stroke-width stroke-dasharray font-size font-weight text-anchor transform".split(
    " ",
  ),
);

/** A copy of what a report holds, without anything that reports never hold. */
function copied(node: Node): Node {
  if (!(node instanceof Element)) {
    return document.createTextNode(node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "") : "");
  }
  if (!elements.has(node.localName)) {
    return document.createTextNode("");
  }
  const copy = document.createElementNS(node.namespaceURI, node.localName);
  for (const { name, value } of node.attributes) {
    if (attributes.has(name) && (name !== "href" || /^(#|\/(?![/\\]))/.test(value))) {
      copy.setAttribute(name, value);
    }
  }
  copy.append(...Array.from(node.childNodes, copied));
  return copy;
}

/** Puts a report into a place of its own, with the look that it brings along. */
function fill(root: ShadowRoot, html: string): void {
  // The look is taken out first: the page's policy takes styles from scripts, and none that stands in a document.
  let look = "";
  const plain = html.replace(/<style>([^<]*)<\/style>/g, (_, sheet: string) => {
    look += sheet;
    return "";
  });
  const page = new DOMParser().parseFromString(plain, "text/html");
  const article = document.createElement("article");
  article.lang = page.documentElement.lang;
  article.append(...Array.from(page.querySelector("main")?.childNodes ?? [], copied));
  root.replaceChildren(article);
  if ("adoptedStyleSheets" in root) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(look);
    root.adoptedStyleSheets = [sheet];
  }
}

/** A report as its page has it, drawn by the server: what is read here is what is printed. */
export function Printed(props: {
  html: string;
  /** Follows a link to another page of the app; without it, links lead nowhere and are texts. */
  follow?: (path: string) => void;
}) {
  const { html, follow } = props;
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const host = holder.current;
    if (host === null) {
      return;
    }
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    fill(root, html);
    if (follow === undefined) {
      for (const link of root.querySelectorAll("a[href^='/']")) {
        link.removeAttribute("href");
      }
    }
    const click = (e: Event) => {
      const { button, ctrlKey, metaKey, shiftKey, target } = e as MouseEvent;
      const path = (target as Element | null)?.closest("a")?.getAttribute("href") ?? "";
      if (path.startsWith("#")) {
        e.preventDefault();
        root.getElementById(path.slice(1))?.scrollIntoView({ behavior: "smooth" });
      } else if (path !== "" && follow !== undefined && button === 0 && !ctrlKey && !metaKey && !shiftKey) {
        e.preventDefault();
        follow(path);
      }
    };
    root.addEventListener("click", click);
    return () => root.removeEventListener("click", click);
  }, [html, follow]);
  return <div ref={holder} className="printed" />;
}
