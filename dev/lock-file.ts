// Completes a lock file: finds and adds missing optional packages, and finds packages without an integrity digest.

export interface LockedPackage {
  version?: string
  /** The digest that npm compares the downloaded package with. */
  integrity?: string
  dev?: boolean
  optional?: boolean
  /** A folder of this repository, under the name of its package. */
  link?: boolean
  hasInstallScript?: boolean
  os?: string | string[]
  cpu?: string | string[]
  libc?: string | string[]
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

/** Finds optional packages that some package names and the lock file lacks, by place: `node_modules/@deno/darwin-arm64`. */
export function findMissingOptional(
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

/** Adds the missing optional packages in npm's order; returns their places. */
export function completeLock(lock: LockFile): readonly string[] {
  const missing = findMissingOptional(lock)
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

/**
 * Finds packages that npm would install without comparing them with a digest, so that a malicious registry could replace
 * their code. The project itself, under the empty place, and its workspace are not downloaded.
 */
export function findUnverified(lock: LockFile): readonly string[] {
  return Object.entries(lock.packages)
    .filter(([place, { link }]) => place.includes('node_modules/') && link !== true)
    .filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))
    .map(([place]) => place)
}

/**
 * Removes the entries without a digest and returns their places. npm never completes an existing entry, but looks up a
 * missing one again.
 */
export function forgetUnverified(lock: LockFile): readonly string[] {
  const unverified = findUnverified(lock)
  for (const place of unverified) delete lock.packages[place]
  return unverified
}
