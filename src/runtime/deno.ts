// The gateway on Deno, without the rest of the tool: `deno run ... src/runtime/deno.ts --store DIR --port N`.
import { serveFlags } from './serve-gateway.ts'

await serveFlags(Deno.args, Deno.env.toObject())
