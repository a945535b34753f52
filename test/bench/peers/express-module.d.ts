// As much of express as its peer uses: it carries no types.
declare module 'express' {
  import type { Server } from 'node:http'

  export interface Request {
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
  }
  export interface Response {
    json(body: unknown): void
  }
  export type Handler = (request: Request, response: Response, next: (error?: unknown) => void) => unknown
  interface Application {
    use(handler: Handler): void
    post(path: string, handler: Handler): void
    listen(port: number, host: string, listening: () => void): Server
  }
  function express(): Application

  export { express as default }
}
