// Updates package-lock.json to package.json: npm run lock. `npm install` omits optional platform packages that the
// configured registry does not serve, and `npm ci` then refuses the file. This adds a minimal entry for each missing one,
// lets npm look up those without a digest, and fails if one remains.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { completeLock, findUnverified, forgetUnverified, type LockFile } from './lock-file.ts'

const PATH = 'package-lock.json'

const before = read()
if (forgetUnverified(before).length > 0) write(before)
const { status } = spawnSync('npm', ['install', '--package-lock-only'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const lock = read()
const added = completeLock(lock)
if (added.length > 0) write(lock)
const unverified = findUnverified(lock)
process.stdout.write(`${added.length} optional packages added to ${PATH}\n`)
if (unverified.length > 0) {
  const list = unverified.map((place) => `  ${place}`).join('\n')
  process.stderr.write(
    `${PATH} has no integrity for these packages, which the registry does not serve. Run this again with a registry that does, or copy the output of "npm view NAME@VERSION dist.integrity" into the file:\n${list}\n`,
  )
  process.exit(1)
}

function read(): LockFile {
  return JSON.parse(readFileSync(PATH, 'utf8')) as LockFile
}

function write(file: LockFile): void {
  writeFileSync(PATH, `${JSON.stringify(file, null, 2)}\n`)
}
