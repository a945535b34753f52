// The gateway on Deno: `deno task serve --store DIR --port N`.
import { serveGateway } from './served.ts'

await serveGateway(Deno.args, Deno.env.toObject())
