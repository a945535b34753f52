// Real openssl in a folder of its own: keys, certificates and signed documents as deployed tools make them.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Openssl {
  readonly folder: string
  /** Runs one command in the folder, such as `req -x509 ...`; throws what it says if it fails. */
  run(...args: readonly string[]): Buffer
  write(name: string, content: string | Uint8Array): string
  read(name: string): Buffer
  readText(name: string): string
  remove(): void
}

export function openOpenssl(program = 'openssl'): Openssl {
  const folder = mkdtempSync(join(tmpdir(), 'postern-openssl-'))
  return {
    folder,
    run(...args) {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, input: '' })
      if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
      return stdout
    },
    write(name, content) {
      writeFileSync(join(folder, name), content)
      return name
    },
    read: (name) => readFileSync(join(folder, name)),
    readText: (name) => readFileSync(join(folder, name), 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
