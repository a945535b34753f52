import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PAGES } from '../dev/reference.ts'

describe('the reference', () => {
  it.each([...PAGES])('%s says what the tables say; npm run docs makes it anew', (path, make) => {
    expect(existsSync(path), `${path} is missing: npm run docs makes it, and prints what is left to write in it`).toBe(
      true,
    )
    const page = readFileSync(path, 'utf8')
    expect(page).toBe(make(page))
  })
})
