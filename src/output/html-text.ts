import { safeLine } from "./visible.js";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Foreign text for an element or a quoted attribute: without secrets, on one line, and no markup. */
export function escapeHtml(text: string): string {
  return safeLine(text).replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
