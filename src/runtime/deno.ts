// The gateway on Deno: `deno task serve --store DIR --port N`.
import process from 'node:process'
import { adoptExtraAuthorities } from './deno-authorities.ts'
import { serveGateway } from './served.ts'

const problem = adoptExtraAuthorities(Deno.env, Deno.readTextFileSync)
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`)
  process.exit(2)
}
await serveGateway(Deno.args, Deno.env.toObject())
