// The documents that a test file names: their files, relative to it, each as the section that it says it is.
import { basename, dirname, join } from 'node:path'
import { readClaimedSection } from '../../config/compile/claimed-section.ts'
import type { SectionScope } from '../../config/sections/section.ts'
import { hasScope, type SectionName } from '../../config/sections/table.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import type { PlacedDocument } from '../../explain/compile-documents.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import { readDocumentFile } from '../document.ts'

export interface NamedDocument extends PlacedDocument {
  /** Its file, as messages name it. */
  readonly name: string
}

/**
 * Reads the documents of a test file.
 * @param file - the test file, as it was named
 * @throws a {@link Stop} that names the document that cannot be read, says no section, or is there twice
 */
export async function readTestDocuments(
  file: string,
  paths: readonly string[],
  io: Io,
): Promise<readonly NamedDocument[]> {
  const documents: NamedDocument[] = []
  for (const path of paths) {
    const name = join(dirname(file), path)
    const bytes = await readDocumentFile(name, io)
    const [text, section] = [decodeUtf8(bytes), readClaimedSection(bytes)]
    if (text === undefined || section === undefined)
      throw new Stop(
        EXIT.usage,
        `${name} is not a document: it must be UTF-8 and name a known section. See \`config validate\``,
      )
    const scope = findScope(section, name)
    const twin = documents.find((one) => one.section === section && one.scope === scope)
    if (twin !== undefined)
      throw new Stop(
        EXIT.usage,
        `${twin.name} and ${name} are both ${section} of the ${scope}: name one of them in ${file}`,
      )
    documents.push({ name, scope, section, text })
  }
  return documents
}

/** A section of both scopes is of the trust domain if its folder says so, as in a store. */
function findScope(section: SectionName, name: string): SectionScope {
  if (!hasScope(section, 'cluster')) return 'trust-domain'
  const isShared = hasScope(section, 'trust-domain') && basename(dirname(name)) === 'trust-domain'
  return isShared ? 'trust-domain' : 'cluster'
}
