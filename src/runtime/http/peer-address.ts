// The other end of a request's connection, on Node and Deno.

/** What `@hono/node-server` passes with each request. */
interface NodeEnv {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } }
}

/** `undefined` if the connection is closed already. */
export function readSocketAddress(_request: Request, env: unknown): string | undefined {
  return (env as NodeEnv | undefined)?.incoming?.socket?.remoteAddress
}
