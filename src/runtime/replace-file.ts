// A file that is replaced in one step, on Node and Deno: whoever reads it sees all of the old one or all of the new one.
import { type FileHandle, open, rename, rm } from 'node:fs/promises'

/**
 * Writes `draft`, which lies in the same file system and must not exist yet, for its owner alone, and renames it to
 * `path`. `prepare` may change the draft before it is shown. Nothing is left of a draft that failed.
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
