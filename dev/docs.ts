// Writes the reference pages, and the parts of other pages that are made of the code: npm run docs
import { readFileSync, writeFileSync } from 'node:fs'
import { replaceBlock } from './block.ts'
import { PAGES } from './reference.ts'
import { describeLoginWay, measureLoginWay } from './way/measure.ts'

const ARCHITECTURE = 'ARCHITECTURE.md'

for (const [path, make] of PAGES) writeFileSync(path, make(readFileSync(path, 'utf8')))
const way = describeLoginWay(await measureLoginWay())
writeFileSync(ARCHITECTURE, replaceBlock(readFileSync(ARCHITECTURE, 'utf8'), 'login-way', way))
