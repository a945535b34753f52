// A document as the tool handles it: its bytes, the section that it says it is, and what compiling it has found.
import { resolve } from 'node:path'
import { type CompileResult, compileDocument } from '../config/compile/compile.ts'
import type { DocumentKey } from '../config/document-key.ts'
import { isSectionName, type SectionName } from '../config/sections/table.ts'
import type { LocatedIssue } from '../config/yaml/located-issue.ts'
import { readYaml } from '../config/yaml/yaml.ts'
import { computeDigest } from '../core/digest.ts'
import { DOCUMENT_MAX_BYTES } from '../core/limits.ts'
import { describeError, readErrorCode } from '../core/thrown.ts'
import { decodeUtf8 } from '../core/utf8.ts'
import { readFileCapped } from '../runtime/read-file-capped.ts'
import { EXIT, type Io, Stop } from './command.ts'
import type { OperatorSettings } from './operator-settings.ts'

/** A document that has been compiled, or not. `name` is how messages call it: its file, or its key. */
export interface CompiledDocument {
  readonly name: string
  readonly key: DocumentKey<SectionName>
  readonly text: string
  readonly digest: string
  readonly result: CompileResult<unknown>
  /** In document order: what was found in the document itself. */
  readonly issues: readonly LocatedIssue[]
}

export async function compileAs(
  key: DocumentKey<SectionName>,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  settings: OperatorSettings,
): Promise<CompiledDocument> {
  const digest = await computeDigest(bytes)
  const result = compileDocument(key.section, bytes, settings.contextFor(key))
  const issues = result.ok ? result.warnings : result.issues
  return { name, key, text: decodeUtf8(bytes) ?? decodeLossily(bytes), digest, result, issues }
}

/** What can be shown of bytes that are not UTF-8; nothing of UTF-16, which would be every second character. */
function decodeLossily(bytes: Uint8Array): string {
  return bytes.includes(0) ? '' : new TextDecoder().decode(bytes)
}

/**
 * A file as the document that it says it is. Of one that does not say it, only that is reported: nothing can be said of
 * its spec. `keyOf` places it.
 */
export async function compileFile(
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
  keyOf: (section: SectionName) => DocumentKey<SectionName>,
  settings: OperatorSettings,
): Promise<CompiledDocument & { readonly claimed: SectionName | undefined }> {
  const claimed = readClaimedSection(bytes)
  const document = await compileAs(keyOf(claimed ?? 'AgentAttestation'), file, bytes, settings)
  if (claimed !== undefined) return { ...document, claimed }
  return { ...document, claimed, issues: document.issues.filter(({ path }) => path[0] !== 'spec' || path.length < 2) }
}

/** The bytes of a file; of a larger one than a document may be, enough to be refused for its size. */
export async function readDocumentFile(file: string, io: Io): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return (await readFileCapped(resolve(io.directory, file), DOCUMENT_MAX_BYTES)).bytes
  } catch (error) {
    throw new Stop(EXIT.usage, `Cannot read ${file}: ${describeReadFailure(error)}`)
  }
}

function describeReadFailure(error: unknown): string {
  const code = readErrorCode(error)
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a directory: name its files'
  return describeError(error)
}

/** What a document says it is; `undefined` if it cannot be told, or is no section that there is. */
export function readClaimedSection(bytes: Uint8Array): SectionName | undefined {
  const text = bytes.length > DOCUMENT_MAX_BYTES ? undefined : decodeUtf8(bytes)
  const root = text === undefined ? undefined : readYaml(text).root
  const node = root?.kind === 'map' ? root.entries.get('section')?.value : undefined
  return node?.kind === 'text' && isSectionName(node.value) ? node.value : undefined
}
