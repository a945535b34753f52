// Writes the reference pages, and the parts of other pages that are made of the code: npm run docs
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { ATTESTORS } from '../src/attest/table.ts'
import { listStalePages, pathOfAttestor } from './attestors/attestor-pages.ts'
import { listGaps } from './attestors/page-gaps.ts'
import { replaceBlock } from './block.ts'
import { PAGES } from './reference.ts'
import { describeLoginWay, measureLoginWay } from './way/measure.ts'

const ARCHITECTURE = 'ARCHITECTURE.md'

for (const [path, make] of PAGES) writeFileSync(path, make(existsSync(path) ? readFileSync(path, 'utf8') : ''))
for (const row of ATTESTORS) {
  const path = pathOfAttestor(row.type)
  for (const gap of listGaps(readFileSync(path, 'utf8'), row)) console.error(`${path}: ${gap}`)
}
for (const file of listStalePages())
  console.error(`docs/attestors/${file}: the table has no such attestor; remove the page`)
const way = describeLoginWay(await measureLoginWay())
writeFileSync(ARCHITECTURE, replaceBlock(readFileSync(ARCHITECTURE, 'utf8'), 'login-way', way))
