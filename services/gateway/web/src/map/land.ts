import address from "virtual:outlines";

let loading: Promise<Path2D[]> | undefined;

/** land gives the outlines of the world's countries in the plane. It is fetched once for all maps; where that fails, the next map tries again. */
export function land(): Promise<Path2D[]> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Path2D[]> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the land has not come: status ${response.status}`);
  const countries = (await response.text()).split("\n");
  return countries.map((path) => new Path2D(path));
}
