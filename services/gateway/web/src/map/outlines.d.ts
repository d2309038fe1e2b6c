/** The address of a text that has a country's outline on each line, as SVG writes a path in the maps' plane; build/outlines.ts makes it. */
declare module "virtual:outlines" {
  const address: string;
  export default address;
}
