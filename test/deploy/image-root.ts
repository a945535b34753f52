// A root as the image has it, and a process in it as a container runtime starts it: another root that is read-only, another user, no
// new privileges. It needs root and mount namespaces, and no container engine.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'

export const CAN_CHANGE_ROOT =
  process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'mount', '--make-rprivate', '/']).status === 0

export interface ImageRoot {
  readonly folder: string
  /** Writes a file of the root before a process starts in it. */
  write(path: string, text: string): void
  start(argv: readonly string[], options: StartOptions): ChildProcess
  remove(): void
}

export interface StartOptions {
  readonly user: string
  readonly environment: Readonly<Record<string, string>>
  /** The only folders that may be written; made as the user's. */
  readonly writable: readonly string[]
}

const SHARED = [
  'usr/lib',
  'usr/bin',
  'bin',
  'lib',
  'lib64',
  'etc/ssl',
  'etc/resolv.conf',
  'etc/hosts',
  'etc/nsswitch.conf',
] as const

/** `node` of the root is the Node that runs this, as /usr/local/bin/node of the official image. */
export function makeImageRoot(): ImageRoot {
  const folder = mkdtempSync(join(tmpdir(), 'postern-root-'))
  chmodSync(folder, 0o755)
  for (const path of ['proc', 'dev', 'tmp', 'usr/local/bin', ...SHARED.slice(0, 5), 'etc/ssl'])
    mkdirSync(join(folder, path), { recursive: true })
  for (const path of SHARED.slice(6)) writeFileSync(join(folder, path), '')
  cpSync(process.execPath, join(folder, 'usr/local/bin/node'))
  return {
    folder,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
    start(argv, { user, environment, writable }) {
      const [uid = '', gid = uid] = user.split(':')
      for (const path of writable) {
        mkdirSync(join(folder, path), { recursive: true })
        spawnSync('chown', [user, join(folder, path)])
      }
      const script = [
        'set -e; mount --make-rprivate /; mount --bind "$ROOT" "$ROOT"',
        ...SHARED.map((path) => `[ ! -e /${path} ] || mount --rbind /${path} "$ROOT/${path}"`),
        'mount -t proc proc "$ROOT/proc"; mount --rbind /dev "$ROOT/dev"',
        ...writable.map((path) => `mount --bind "$ROOT${path}" "$ROOT${path}"`),
        'mount -o remount,bind,ro "$ROOT"',
        // Each in the place of the one before it: the process that is started is the last.
        `exec chroot "$ROOT" setpriv --reuid=${uid} --regid=${gid} --clear-groups --no-new-privs --bounding-set=-all -- env -i ${Object.keys(
          environment,
        )
          .map((name) => `${name}="$${name}"`)
          .join(' ')} PATH=/usr/local/bin:/usr/bin:/bin "$@"`,
      ].join('\n')
      return spawn('unshare', ['-m', 'sh', '-c', script, 'sh', ...argv], {
        env: { ...environment, ROOT: folder, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
