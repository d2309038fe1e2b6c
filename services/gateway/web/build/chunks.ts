/**
 * The chunks, beside Explore and Replay. Small files compress badly, so there are few: what all pages need, what draws and is loaded after the first paint or where
 * somebody asks for it, and the two pages that Replay has in it. `sources` is the folder of the sources, wherever the repository is.
 */
export function chunksOf(sources: string) {
  const isOf = (paths: RegExp) => (module: string) => module.startsWith(sources) && paths.test(module.slice(sources.length));
  const isNeededByAll = isOf(/^(main|frame|stream|link|time|api)\b/);
  return [
    { name: "index", test: (module: string) => module.includes("/node_modules/") || isNeededByAll(module) },
    { name: "drawing", test: isOf(/^(map|chart|pages\/explore\/(Charts|RawPanel|copyas))\b/) },
    { name: "views", test: isOf(/^(pages\/)?(instances|probes)\//) },
  ];
}
