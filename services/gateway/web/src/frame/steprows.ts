/** Takes the focus to the next row that opens, or the one before it: each row has a button with aria-expanded. Enter opens it by itself. */
export function stepRows(body: HTMLElement, way: 1 | -1): void {
  const buttons = [...body.querySelectorAll<HTMLElement>(":scope > tr button[aria-expanded]")];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  buttons[at < 0 ? 0 : Math.min(buttons.length - 1, Math.max(0, at + way))]?.focus();
}
