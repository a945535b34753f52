// What an author may write, and where documents may be: the page knows no section but these.
import type { Outline } from '../../src/config/compile/outline.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'

export interface Vocabulary {
  /** Where documents may be. */
  readonly places: readonly Pick<PlacedDocument, 'scope' | 'section'>[]
  readonly outlines: Readonly<Record<SectionName, Outline>>
  /** Of a file of policy tests. */
  readonly tests: Outline
  readonly attributeNames: readonly string[]
}
