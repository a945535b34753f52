// The session as a file that a workload reads: a new file beside it that nobody else can have made, then a rename. A reader sees
// the whole old session or the whole new one.
import { lstat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readErrorCode } from '../../core/thrown.ts'
import { replaceFile } from '../../runtime/replace-file.ts'

/**
 * Writes the session.
 *
 * @throws if the target is a symbolic link: whoever may make one in that folder would choose which file is replaced, or who reads
 *   it
 */
export async function writeSession(
  path: string,
  token: string,
  { mode, group }: { readonly mode: number; readonly group: number | undefined },
): Promise<void> {
  const facts = await lstat(path).catch((error: unknown) => {
    if (readErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (facts !== undefined && !facts.isFile())
    throw new Error(`${path} is a symbolic link or no file: remove it, or name another file`)
  const draft = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`)
  await replaceFile(path, draft, `${token}\n`, async (file) => {
    // By the open file: its name may be somebody else's link by now. The group first, so that no other one is given the mode.
    if (group !== undefined) await file.chown(-1, group)
    await file.chmod(mode)
  })
}
