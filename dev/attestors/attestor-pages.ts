// All pages of attestors by path, for `npm run docs` and the test that compares them.
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { ATTESTORS } from '../../src/attest/table.ts'
import { makeAttestorPage } from './attestor-page.ts'
import { makeAttestorsIndex } from './attestors-index.ts'
import { type RowCodes, readRowCodes } from './row-codes.ts'

const FOLDER = 'docs/attestors'

/** Read once, and only by whom makes a page: it takes a second. */
let known: ReadonlyMap<string, RowCodes> | undefined
export function listRowCodes(): ReadonlyMap<string, RowCodes> {
  known ??= readRowCodes(ATTESTORS)
  return known
}

export function pathOfAttestor(type: string): string {
  return `${FOLDER}/${type}.md`
}

/** Each page by its path, made anew from what it holds. */
export const ATTESTOR_PAGES: ReadonlyMap<string, (page: string) => string> = new Map([
  ['docs/attestors.md', (page: string) => makeAttestorsIndex(page, ATTESTORS, listRowCodes())],
  ...ATTESTORS.map((row) => {
    const make = (page: string): string => {
      const codes = listRowCodes().get(row.type)
      if (codes === undefined) throw new Error(`No codes were read for ${row.type}`)
      return makeAttestorPage(page, row, codes)
    }
    return [pathOfAttestor(row.type), make] as const
  }),
])

/** Pages whose row is gone. */
export function listStalePages(): readonly string[] {
  const types = new Set(ATTESTORS.map(({ type }) => type))
  return readdirSync(FOLDER).filter((file) => !types.has(basename(file, '.md')))
}
