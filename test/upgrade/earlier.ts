// The version before this one, from the history of the repository, and a process of either version over one store.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'

/** What was handed out first. It stands for the last release until there is a tag. */
const FIRST = '6353920'

/** The last tag, or {@link FIRST}; `undefined` where the history is not there, as in a tarball or a shallow clone. */
export function findEarlier(): string | undefined {
  return ['HEAD'].map(lastTag).find((tag) => tag !== undefined) ?? (has(FIRST) ? FIRST : undefined)
}

function lastTag(of: string): string | undefined {
  try {
    return git('describe', '--tags', '--abbrev=0', of).trim() || undefined
  } catch {
    return undefined
  }
}

function has(commit: string): boolean {
  try {
    git('cat-file', '-e', `${commit}^{commit}`)
    return true
  } catch {
    return false
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** A folder with the files of `commit` and the packages of this tree. The caller removes it. */
export function checkOut(commit: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-earlier-'))
  const archive = execFileSync('git', ['archive', commit], { maxBuffer: 1 << 28 })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  return folder
}

export interface Gateway {
  readonly url: string
  said(): string
  /** Ends it as a supervisor does. */
  stop(): Promise<void>
}

export interface GatewayOptions {
  /** The folder of the version's sources. */
  readonly tree: string
  readonly store: string
  readonly settings: Readonly<Record<string, string>>
}

export async function startGateway({ tree, store, settings }: GatewayOptions): Promise<Gateway> {
  // Its server had a module of its own before it became a command.
  const server = join(tree, 'src/runtime/node.ts')
  const command = existsSync(server) ? [server] : [join(tree, 'src/cli/postern.ts'), 'serve']
  const child: ChildProcess = spawn(process.execPath, [...command, '--store', store, '--port', '0'], {
    cwd: tree,
    env: { ...process.env, ...settings, INIT_CWD: tree },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((end) => child.once('exit', () => end()))
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const url = await new Promise<string>((ready, fail) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /^Postern listens on (\S+)$/m.exec(said)?.[1]
      if (found !== undefined) ready(found)
    })
    void ended.then(() => fail(new Error(`ended: ${said}`)))
  })
  return {
    url,
    said: () => said,
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
