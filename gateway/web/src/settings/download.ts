/** Saves text, or what is no text, as a file of the reader's. */
export function download(name: string, type: string, parts: readonly (string | Blob)[]): void {
  const address = URL.createObjectURL(new Blob(parts as BlobPart[], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has begun to save by the next turn; the memory is freed a while later.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
