// Which optional packages a lock file must name, and adding those that it lacks.

export interface LockedPackage {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

export interface LockFile {
  packages: Record<string, LockedPackage>
}

const OPERATING_SYSTEMS = [
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'netbsd',
  'openbsd',
  'sunos',
  'aix',
  'android',
  'openharmony',
]
const PROCESSORS = ['x64', 'arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32']

/** Places such as `node_modules/@deno/darwin-arm64` that some package names as optional, and the file does not hold. */
export function missingOptional(
  lock: LockFile,
): ReadonlyMap<string, { readonly version: string; readonly dev: boolean }> {
  const missing = new Map<string, { readonly version: string; readonly dev: boolean }>()
  for (const [place, { optionalDependencies = {}, dev = false }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (`${place}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages) continue
      missing.set(`node_modules/${name}`, { version: version.replace(/^[\^~]/, ''), dev })
    }
  }
  return missing
}

/** Adds them, in the order that npm keeps; returns their places. */
export function completeLock(lock: LockFile): readonly string[] {
  const missing = missingOptional(lock)
  for (const [place, { version, dev }] of missing) {
    const words = place.split(/[/-]/)
    const os = words.filter((word) => OPERATING_SYSTEMS.includes(word))
    const cpu = words.map((word) => (word === '64' ? 'x64' : word)).filter((word) => PROCESSORS.includes(word))
    lock.packages[place] = {
      version,
      ...(cpu.length > 0 ? { cpu } : {}),
      ...(dev ? { dev } : {}),
      ...(words.includes('musl') ? { libc: ['musl'] } : {}),
      optional: true,
      ...(os.length > 0 ? { os } : {}),
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  return [...missing.keys()]
}
