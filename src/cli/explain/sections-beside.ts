// The sections of the trust domain that attestors verify with, such as region certificates, for an explanation: read from the
// files beside the document, as a store of documents has them.
import { basename, dirname, join, relative } from 'node:path'
import type { AttestContext } from '../../attest/attest-context.ts'
import type { SharedSections } from '../../attest/shared-sections.ts'
import { trustDomainKey } from '../../config/document-key.ts'
import { isError } from '../../core/issue.ts'
import { DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { readErrorCode } from '../../core/thrown.ts'
import { makeOfflineRefusal } from '../../explain/offline-keys.ts'
import { readFileCapped } from '../../runtime/read-file-capped.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import { compileAs } from '../document.ts'
import { formatIssues } from '../format-issues.ts'
import type { OperatorSettings } from '../operator-settings.ts'

/**
 * Reads `<Section>.yaml` in `trust-domain/` if the folder is that of a cluster in a store, or else in the folder itself; a
 * missing one leaves the login undecided.
 *
 * @throws a {@link Stop} from the read if the document does not compile, after printing its issues
 */
export function createSectionsBeside(folder: string, settings: OperatorSettings, io: Io): AttestContext['section'] {
  const isInStore = basename(dirname(folder)) === 'clusters'
  const home = isInStore ? join(folder, '..', '..', 'trust-domain') : folder
  return async <Name extends keyof SharedSections>(name: Name): Promise<Checked<SharedSections[Name]>> => {
    const path = join(home, `${name}.yaml`)
    const shown = relative(io.directory, path)
    const bytes = await readFileCapped(path, DOCUMENT_MAX_BYTES).then(
      (read) => read.bytes,
      (error: unknown) => {
        if (readErrorCode(error) === 'ENOENT') return undefined
        throw error
      },
    )
    if (bytes === undefined) return refuse(makeOfflineRefusal(name, shown))
    const { result, issues, ...document } = await compileAs(trustDomainKey(name), shown, bytes, settings)
    // The name determines the type of the value.
    if (result.ok) return pass(result.value as SharedSections[Name])
    io.err(formatIssues(issues.filter(isError), document, io))
    throw new Stop(EXIT.refused, `${shown} does not compile: the gateway would keep the previous version in force`)
  }
}
