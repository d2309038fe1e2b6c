/** resolveColours turns colours as style sheets have them, variables too, into what a canvas takes. The element is one whose style is that of the map. */
export function resolveColours(element: HTMLElement, colours: readonly string[]): string[] {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const resolved = colours.map((colour) => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return resolved;
}
