// Calls the AssemblyScript compiler with the flags for the properties that README states: no imports, no garbage collector,
// exactly 16 pages of memory.
import { readdirSync, readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'

const FLAGS = [
  'index.ts',
  '--outFile',
  'policy-vm.wasm',
  '-O3',
  '--converge',
  '--runtime',
  'stub',
  '--initialMemory',
  '16',
  '--maximumMemory',
  '16',
  '--memoryBase',
  '64',
  '--noAssert',
  '--enable',
  'bulk-memory',
]

/** Compiles wasm/assembly in memory. Rejects with the compiler's own messages. */
export async function buildPolicyVm(): Promise<Uint8Array> {
  const folder = new URL('assembly/', import.meta.url)
  const sources = new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]),
  )
  let built: Uint8Array | undefined
  const messages: string[] = []
  const { error } = await asc.main(FLAGS, {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name === 'policy-vm.wasm' && typeof contents !== 'string') built = contents
    },
    listFiles: () => [],
    stderr: { write: (text: string | Uint8Array) => void messages.push(String(text)) },
  })
  if (error !== null || built === undefined) {
    throw new Error(`Cannot build the policy VM:\n${messages.join('')}${error?.message ?? ''}`)
  }
  return built
}
