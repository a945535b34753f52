// The gateway on Node, without the rest of the tool: `node src/runtime/node.ts --store DIR --port N`.
import process from 'node:process'
import { serveFlags } from './serve-gateway.ts'

await serveFlags(process.argv.slice(2), process.env)
