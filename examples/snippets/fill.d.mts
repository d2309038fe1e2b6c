/** Turns a snippet, a file of this folder, into a program that can be pasted and run. */
export declare function fill(snippet: string, use: { gateway: string; subscription: Record<string, unknown>; token?: boolean }): string;
