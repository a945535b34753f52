// Documents on the command line: reads a file, finds the section that it claims, and compiles it.
import { resolve } from 'node:path'
import { readClaimedSection } from '../config/compile/claimed-section.ts'
import { type CompileResult, compileDocument } from '../config/compile/compile.ts'
import type { DocumentKey } from '../config/document-key.ts'
import type { SectionName } from '../config/sections/table.ts'
import type { LocatedIssue } from '../config/yaml/located-issue.ts'
import { computeDigest } from '../core/digest.ts'
import { REVOCATIONS_DOCUMENT_MAX_BYTES } from '../core/limits.ts'
import { describeError, readErrorCode } from '../core/thrown.ts'
import { decodeUtf8 } from '../core/utf8.ts'
import { readFileCapped } from '../runtime/read-file-capped.ts'
import { EXIT, type Io, Stop } from './command.ts'
import type { OperatorSettings } from './operator-settings.ts'

/** The result of compiling a document. `name` is how messages name it: its file, or its key. */
export interface CompiledDocument {
  readonly name: string
  readonly key: DocumentKey<SectionName>
  readonly text: string
  readonly digest: string
  readonly result: CompileResult<unknown>
  /** The findings of the document itself, in document order. */
  readonly issues: readonly LocatedIssue[]
}

/** Compiles `bytes` as the document of `key`. Issues are returned, not thrown. */
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

/** Text to show for bytes that are not UTF-8. Empty for UTF-16, of which only every second character would be readable. */
function decodeLossily(bytes: Uint8Array): string {
  return bytes.includes(0) ? '' : new TextDecoder().decode(bytes)
}

/**
 * Compiles a file as the section that it claims. If it claims none, issues of its spec are left out, since they would refer
 * to a section that the author may not have meant.
 * @param keyOf - the key to compile a document of that section under
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

/**
 * Reads a document's file, up to one byte more than a document may have, so that a larger one is refused for its size.
 * @throws a {@link Stop} that names the file and the reason if it cannot be read
 */
export async function readDocumentFile(file: string, io: Io): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return (await readFileCapped(resolve(io.directory, file), REVOCATIONS_DOCUMENT_MAX_BYTES)).bytes
  } catch (error) {
    throw new Stop(EXIT.usage, `Cannot read ${file}: ${describeReadFailure(error)}`)
  }
}

/** As {@link readDocumentFile} by its absolute path; `undefined` if there is no such file. @throws any other failure as it is */
export async function readDocumentIfPresent(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return (await readFileCapped(file, REVOCATIONS_DOCUMENT_MAX_BYTES)).bytes
  } catch (error) {
    if (readErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function describeReadFailure(error: unknown): string {
  const code = readErrorCode(error)
  if (code === 'ENOENT') return 'the file does not exist'
  if (code === 'EISDIR') return 'it is a directory: name its files'
  return describeError(error)
}
