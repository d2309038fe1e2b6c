/** A line of JSON as it is shown, with what a filter for its value needs. */
export interface Line {
  indent: number;
  text: string;
  /** The member's path, and its value, where a filter can be made of them. */
  path: string | undefined;
  value: unknown;
}

/** So much is shown before one asks for all. */
export const shownAtFirst = 65_536; // characters

/** What the contract allows in a path. */
const mostNames = 8;
const longestPath = 100; // bytes
const deepest = 100;

/** JSON over several lines. Paths go through lists as the contract's do: `result.result.from`. Stops after `most` characters and tells whether it did. */
export function linesOf(value: unknown, most: number): { lines: Line[]; cut: boolean } {
  const lines: Line[] = [];
  let length = 0;
  const put = (indent: number, text: string, path?: string, scalar?: unknown) => {
    length += text.length;
    if (length <= most) lines.push({ indent, text, path, value: scalar });
    else if (lines.length === 0 || length - text.length < most)
      lines.push({ indent, text: `${text.slice(0, most - (length - text.length)).toWellFormed()}…`, path: undefined, value: undefined });
    return length <= most;
  };
  const walk = (value: unknown, indent: number, before: string, after: string, names: readonly string[]): boolean => {
    if (typeof value !== "object" || value === null) return put(indent, before + JSON.stringify(value) + after, pathOf(names), value);
    const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
    const members = Object.entries(value);
    if (members.length === 0 || indent > deepest) return put(indent, before + (members.length === 0 ? open + close : "…") + after);
    if (!put(indent, before + open)) return false;
    for (const [index, [name, member]] of members.entries()) {
      const label = Array.isArray(value) ? "" : `${JSON.stringify(name)}: `;
      const comma = index < members.length - 1 ? "," : "";
      if (!walk(member, indent + 1, label, comma, Array.isArray(value) ? names : [...names, name])) return false;
    }
    return put(indent, close + after);
  };
  const complete = walk(value, 0, "", "", []);
  return { lines, cut: !complete };
}

function pathOf(names: readonly string[]): string | undefined {
  const path = names.join(".");
  const fits = names.length > 0 && path.split(".").length <= mostNames && new TextEncoder().encode(path).length <= longestPath;
  return fits && path.split(".").every((name) => name !== "") && !path.includes("\0") ? path : undefined;
}

/** What equalsTo takes for a value: between spaces stand alternatives, so a text with a space stands in a list. */
export function alternativeOf(value: unknown): unknown {
  return typeof value === "string" && /\s|^$/.test(value) ? [value] : value;
}
