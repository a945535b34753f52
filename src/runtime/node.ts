// The gateway on Node: `npm run serve -- --store DIR --port N`.
import process from 'node:process'
import { serveGateway } from './served.ts'

await serveGateway(process.argv.slice(2), process.env)
