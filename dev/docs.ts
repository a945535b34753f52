// Writes the reference pages: npm run docs
import { writeFileSync } from 'node:fs'
import { PAGES } from './reference.ts'

for (const [path, make] of PAGES) writeFileSync(path, make())
