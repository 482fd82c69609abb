import { byteOrderMark, type Cell, csvLine } from "../settings/csv";
import { download } from "../settings/download";
import { inPrint } from "./colours";

/** Saves a table as CSV. */
export function saveTable(name: string, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  download(`${name}.csv`, "text/csv;charset=utf-8", [byteOrderMark, csvLine(head), ...rows.map(csvLine)]);
}

/** A drawing of the page as a file of its own. */
export function drawingText(drawing: SVGSVGElement): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `<?xml version="1.0" encoding="UTF-8"?>\n${inPrint(new XMLSerializer().serializeToString(copy))}\n`;
}

/** Saves a drawing as SVG, which can be enlarged and changed. */
export function saveDrawing(name: string, drawing: SVGSVGElement): void {
  download(`${name}.svg`, "image/svg+xml", [drawingText(drawing)]);
}

/** Pictures have so many dots for one of the page, to be sharp on paper. */
const density = 2;

/** Saves a drawing as PNG, which every program for slides takes. */
export async function savePicture(name: string, drawing: SVGSVGElement): Promise<void> {
  const { width, height } = drawing.viewBox.baseVal;
  const address = URL.createObjectURL(new Blob([drawingText(drawing)], { type: "image/svg+xml" }));
  try {
    const image = new Image(width, height);
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = width * density;
    canvas.height = height * density;
    const context = canvas.getContext("2d");
    if (context === null) {
      throw new Error("the browser draws no pictures");
    }
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (blob === null) {
      throw new Error("the browser makes no PNG");
    }
    download(`${name}.png`, "image/png", [blob]);
  } finally {
    URL.revokeObjectURL(address);
  }
}
