// One peer on Node, by its plain server: `node test/bench/peers/serve.ts PEER WORK.json` prints where it listens.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import type { LoginWork } from '../login/work.ts'

const [peer = '', file = ''] = process.argv.slice(2)
const work: LoginWork = JSON.parse(readFileSync(file, 'utf8'))
console.log(`listens on http://127.0.0.1:${await listen(peer)}`)

/** Each loads its own library alone. */
async function listen(name: string): Promise<number> {
  switch (name) {
    case 'floor':
      return listenHono(await (await import('./floor.ts')).createFloor(work))
    case 'hono-jwk':
      return listenHono(await (await import('./hono-jwk.ts')).createHonoJwk(work))
    case 'express':
      return (await import('./express.ts')).listenExpress(work)
    case 'fastify':
      return (await import('./fastify.ts')).listenFastify(work)
    default:
      throw new Error(`there is no peer "${name}"`)
  }
}

function listenHono({ fetch }: Hono): Promise<number> {
  return new Promise((listening) => {
    serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => listening(port))
  })
}
