/** Makes a snippet, a file of this folder, into what can be pasted and run. */
export declare function fill(snippet: string, use: { gateway: string; subscription: Record<string, unknown>; token?: boolean }): string;
