// `npm install` leaves optional platform packages out of the lock file if the registry at hand does not serve them;
// `npm ci` then refuses the file. This adds a minimal entry for each one that is missing. Run: npm run lock
import { readFileSync, writeFileSync } from 'node:fs'
import { completeLock, type LockFile } from './lock-file.ts'

const path = 'package-lock.json'
const lock = JSON.parse(readFileSync(path, 'utf8')) as LockFile
const added = completeLock(lock)
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`${added.length} optional packages added to ${path}\n`)
