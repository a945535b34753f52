// The proof of an extension, as an executable of the operator prints it: it knows the device, and its webhook what the proof means.
import { execFile } from 'node:child_process'
import { type Json, parseJson } from '../../core/json.ts'
import { AGENT_PROOF_TIMEOUT_MILLIS, JSON_DEPTH_MAX, WEBHOOK_PROOF_MAX_BYTES } from '../../core/limits.ts'
import { CollectError } from './metadata.ts'

/**
 * Runs the executable, without a shell and without arguments.
 * @returns its standard output: a JSON value, or any other text as a string, without white space at its ends
 * @throws {CollectError} that holds nothing of the output, which may be a secret
 */
export function runProofCommand(path: string): Promise<Json> {
  const bounds = { timeout: AGENT_PROOF_TIMEOUT_MILLIS, maxBuffer: WEBHOOK_PROOF_MAX_BYTES, encoding: 'utf8' } as const
  return new Promise((answer, fail) => {
    const child = execFile(path, [], bounds, (error, out) => {
      const text = out.trim()
      if (error !== null) return fail(new CollectError(`${path} ${describeEnd(error, WEBHOOK_PROOF_MAX_BYTES)}`))
      if (text === '') return fail(new CollectError(`${path} printed no proof on its standard output`))
      const json = parseJson(text, JSON_DEPTH_MAX)
      answer(json.ok ? json.value : text)
    })
    // It may end without reading.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end()
  })
}

/** How an executable ended that did not do its work, after its path. */
export function describeEnd(
  { code, killed, signal }: Error & { code?: unknown; killed?: boolean; signal?: unknown },
  maxBytes: number,
): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${maxBytes} bytes`
  if (killed === true) return `did not end within ${AGENT_PROOF_TIMEOUT_MILLIS / 1000} s`
  if (typeof code === 'number') return `ended with the exit code ${code}: run it by hand to see why`
  return `cannot be run: ${String(code ?? signal)}`
}
