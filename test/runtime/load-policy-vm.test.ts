// The policy VM where modules come over the network, as Deno loads those of a registry.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fetchPolicyVm } from '../../src/runtime/load-policy-vm.ts'

let server: Server
let origin: string
beforeAll(async () => {
  server = createServer(({ url = '/' }, response) => {
    try {
      const bytes = readFileSync(join('.', url))
      response.setHeader('Content-Type', url.endsWith('.ts') ? 'application/typescript' : 'application/wasm')
      response.end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

it('is fetched from beside its module', async () => {
  const code = `import { fetchPolicyVm } from '${origin}/src/runtime/load-policy-vm.ts'
    console.log(WebAssembly.Module.exports(await fetchPolicyVm()).length)`
  const args = ['eval', '--no-config', code]
  const { stdout } = await promisify(execFile)('node_modules/.bin/deno', args)
  expect(Number(stdout)).toBe(WebAssembly.Module.exports(await fetchPolicyVm()).length)
})

it('says which address had none', async () => {
  await expect(fetchPolicyVm(new URL(`${origin}/nothing.wasm`))).rejects.toThrow(`${origin}/nothing.wasm`)
})
