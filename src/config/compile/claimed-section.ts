// Which section a document says that it is, before it is known to be one.
import { REVOCATIONS_DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { isSectionName, type SectionName } from '../sections/table.ts'
import { readYaml } from '../yaml/yaml.ts'

/** The section that a document claims; `undefined` if it is missing, unreadable or unknown. */
export function readClaimedSection(bytes: Uint8Array): SectionName | undefined {
  const text = bytes.length > REVOCATIONS_DOCUMENT_MAX_BYTES ? undefined : decodeUtf8(bytes)
  const root = text === undefined ? undefined : readYaml(text, undefined, REVOCATIONS_DOCUMENT_MAX_BYTES).root
  const node = root?.kind === 'map' ? root.entries.get('section')?.value : undefined
  return node?.kind === 'text' && isSectionName(node.value) ? node.value : undefined
}
