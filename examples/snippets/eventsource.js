const address = new URL("__GATEWAY__/stream/?__QUERY__");
address.searchParams.set("token", prompt("TOKEN"));
const source = new EventSource(address);
source.addEventListener("__EVENT__", ({ data }) => console.log(JSON.parse(data)));
source.addEventListener("atlas_error", ({ data }) => console.error(JSON.parse(data)));
source.addEventListener("atlas_unsubscribed", () => source.close());
