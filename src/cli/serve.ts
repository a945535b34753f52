// `postern serve`: the gateway on Node or Deno, over a directory of documents. It ends the process itself.
import { readServeOptions, SERVE_FLAGS, SERVE_LINE } from '../runtime/serve-options.ts'
import { type Command, usageStop } from './command.ts'

export const serve: Command = {
  name: 'serve',
  usage: [SERVE_LINE],
  summary: 'Serve a directory of documents on Node or Deno',
  options: SERVE_FLAGS,
  async run(args, io) {
    const options = readServeOptions(args, io.directory)
    if (typeof options === 'string') throw usageStop(options)
    // Loaded here, so that no other command starts with the whole gateway in memory.
    const { serveGateway } = await import('../runtime/served.ts')
    await serveGateway(options, io.environment)
    return new Promise(() => undefined)
  },
}
