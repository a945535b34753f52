import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PAGES } from '../dev/reference.ts'

describe('the reference', () => {
  it.each([...PAGES])('%s says what the tables say; npm run docs makes it anew', (path, make) => {
    const page = readFileSync(path, 'utf8')
    expect(page).toBe(make(page))
  })
})
