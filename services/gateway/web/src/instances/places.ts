/** Place is a city with an airport. */
export interface Place {
  readonly airport: string;
  readonly locode: string; // without the country
  readonly country: string;
  readonly lat: number;
  readonly lon: number;
  readonly name: string;
}

/** parsePlaces reads a table of places, as places.txt is one. */
export function parsePlaces(table: string): Place[] {
  return table
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(parse);
}

function parse(line: string): Place {
  const [airport = "", locode = "", country = "", lat, lon, ...name] = line.split(" ");
  return { airport, locode, country, lat: Number(lat), lon: Number(lon), name: name.join(" ") };
}
