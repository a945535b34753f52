// Replaces a file atomically on Node and Deno: a reader sees either the whole old file or the whole new one.
import { type FileHandle, open, rename, rm } from 'node:fs/promises'

/**
 * Writes a new file with mode 600 and renames it to `path`. If that fails, the draft is removed and the error is thrown.
 * @param draft - path of the new file: in the same file system as `path`, and not existing yet
 * @param prepare - may change the draft, such as its owner, before the rename
 */
export async function replaceFile(
  path: string,
  draft: string,
  content: string | Uint8Array,
  prepare: (file: FileHandle) => Promise<void> = async () => undefined,
): Promise<void> {
  const file = await open(draft, 'wx', 0o600)
  try {
    try {
      await file.writeFile(content)
      await prepare(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
