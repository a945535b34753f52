// The lines of an audit stream, one after another in bounded memory: a file of any length, or the standard input of a pipe.
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { REPLAY_LINE_MAX_BYTES } from '../../core/limits.ts'
import { describeError } from '../../core/thrown.ts'
import { EXIT, type Io, Stop } from '../command.ts'

/** What stands for a line that is too long to be a record: it is no JSON object either. */
const TOO_LONG = '-'

/** Yields the lines of a file as text. @throws a {@link Stop} that names the file if it cannot be read */
export async function* readAuditLines(file: string, io: Io): AsyncGenerator<string> {
  let rest = ''
  let isTooLong = false
  try {
    // U+FFFD in place of what is not UTF-8: such a line is damaged or another program's.
    const chunks = createReadStream(resolve(io.directory, file), { encoding: 'utf8' }) as AsyncIterable<string>
    for await (const chunk of chunks) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        yield isTooLong ? TOO_LONG : line
        isTooLong = false
      }
      if (rest.length > REPLAY_LINE_MAX_BYTES) {
        isTooLong = true
        rest = ''
      }
    }
  } catch (error) {
    throw new Stop(EXIT.usage, `Cannot read ${file}: ${describeError(error)}`)
  }
  if (isTooLong) yield TOO_LONG
  else if (rest !== '') yield rest
}
