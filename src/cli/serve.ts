// `postern serve`: runs the gateway on Node or Deno over a directory of documents. It ends the process itself.
import { checkServeFlags, SERVE_FLAGS } from '../runtime/serve-options.ts'
import { makeUsageStop } from './command.ts'
import { defineCommand } from './define-command.ts'

export const serve = defineCommand({
  name: 'serve',
  summary: 'Serve a directory of documents on Node or Deno',
  arguments: [],
  options: SERVE_FLAGS,
  async run(_words, values, io) {
    const options = checkServeFlags(values, io.directory)
    if (typeof options === 'string') throw makeUsageStop(options)
    // Loaded here, so that other commands do not load the whole gateway.
    const { serveGateway } = await import('../runtime/serve-gateway.ts')
    await serveGateway(options, io.environment)
    return new Promise(() => undefined)
  },
})
