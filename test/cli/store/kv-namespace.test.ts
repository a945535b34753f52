// The namespace must be the one that `wrangler dev` reads, or a document is set where nothing looks for it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { readNamespaceId } from '../../../src/cli/store/kv-namespace.ts'
import { bench } from '../call.ts'

afterEach(() => vi.unstubAllEnvs())

function idOf(text: string): Promise<string> {
  const path = join(bench().folder, 'wrangler.toml')
  writeFileSync(path, text)
  return readNamespaceId(path)
}

it.each([
  ['has no id', '[[kv_namespaces]]\nbinding = "POLICIES"\n', 'POLICIES'],
  [
    'has an id',
    'name = "x"\n\n[[kv_namespaces]]\n# ours\nbinding = "POLICIES"\nid = "abc"\n\n[observability]\nid = 1\n',
    'abc',
  ],
  ['has a preview id', '[[kv_namespaces]]\nid = "abc"\npreview_id = "def"\nbinding = "POLICIES"\n', 'def'],
  ['is written otherwise', 'name = "x"\nkv_namespaces = [{ id = "abc", binding = "POLICIES" }]\n', 'abc'],
  [
    'has fields that are not known here',
    '[[kv_namespaces]]\nbinding="POLICIES"\nid = "abc" # ours\nremote = false\n',
    'abc',
  ],
  [
    'is one of two',
    '[[kv_namespaces]]\nbinding = "X"\nid = "x"\n[[kv_namespaces]]\nbinding = "POLICIES"\n',
    'POLICIES',
  ],
])('finds the namespace where the table %s', async (_what, text, id) => {
  expect(await idOf(text)).toBe(id)
})

it('minds the environment that wrangler would', async () => {
  vi.stubEnv('CLOUDFLARE_ENV', 'staging')
  const staging = '[[env.staging.kv_namespaces]]\nbinding = "POLICIES"\nid = "abc"\n'
  expect(await idOf(`name = "x"\n[[kv_namespaces]]\nbinding = "POLICIES"\n${staging}`)).toBe('abc')
})

it.each(['name = "x"\n', '[[kv_namespaces]\n'])('names the file in which there is none: %j', async (text) => {
  await expect(idOf(text)).rejects.toMatchObject({ name: 'Stop', message: expect.stringContaining('/wrangler.toml') })
})
