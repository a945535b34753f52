// The floor on Deno, by Deno's own server: `deno run test/bench/peers/serve-deno.ts floor WORK.json`.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import type { LoginWork } from '../login/work.ts'
import { createFloor } from './floor.ts'

/** As much of it as is used here: its types are not among those of the tests. */
declare const Deno: {
  serve(
    options: {
      readonly hostname: string
      readonly port: number
      readonly onListen: (address: { readonly port: number }) => void
    },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown
}

const work: LoginWork = JSON.parse(readFileSync(process.argv[3] ?? '', 'utf8'))
const app = await createFloor(work)
Deno.serve(
  {
    hostname: '127.0.0.1',
    port: 0,
    onListen: ({ port }) => console.log(`listens on http://127.0.0.1:${port}`),
  },
  (request) => app.fetch(request),
)
