import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { completeLock, type LockFile, missingOptional } from '../scripts/lock-file.ts'

describe('the lock file', () => {
  it('names every optional platform package, or npm ci refuses it', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile
    expect([...missingOptional(lock).keys()]).toEqual([])
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

  it('holds exact versions of all direct dependencies', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
      string,
      Record<string, string>
    >
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    )
    expect(loose).toEqual([])
  })
})
