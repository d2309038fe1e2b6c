import { Api } from "../api/client.ts";
import { token } from "./token.svelte.ts";

/** The read API, with the viewer's token. */
export const api = new Api(() => token.value);
