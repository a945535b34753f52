// Loaded before a server (`node --import`), puts counters into it. SIGUSR2 begins to count and ends it, in turn; each
// adds a line to the file that `WAY_FILE` names.
import { appendFileSync } from 'node:fs'
import process from 'node:process'
import { installCounters } from './counters.ts'

const file = process.env['WAY_FILE']
if (file === undefined) throw new Error('WAY_FILE is not set')
const counters = installCounters()
let isCounting = false

process.on('SIGUSR2', () => {
  const counts = isCounting ? counters.stop() : {}
  isCounting = !isCounting
  appendFileSync(file, `${JSON.stringify(counts)}\n`)
  if (isCounting) counters.start()
})
