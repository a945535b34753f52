// How the demo prints: a heading for each step, below it facts with a name each.
import { styleText } from 'node:util'

/** Prints one line. */
export type Print = (line: string) => void

const NAME_WIDTH = 10

export function formatHeading(text: string): string {
  return `\n${styleText('bold', `▸ ${text}`)}`
}

/** A fact with its name, or without one if it goes on from the line above. */
export function formatFact(name: string, text: string): string {
  return `  ${styleText('dim', name.padEnd(NAME_WIDTH))}${text}`
}

/** A status of HTTP: green if the request was granted. */
export function formatStatus(status: number): string {
  return styleText(status < 300 ? 'green' : 'red', String(status))
}

export function formatIdentity(text: string): string {
  return styleText('cyan', text)
}

/**
 * One line for an audit record or an event, such as a login that was made by hand. Absent for a line that is neither.
 *
 * @param line of the gateway's output
 */
export function formatRecord(line: string): string | undefined {
  const record = readObject(line)
  const { event, time, status, code, policy, clusterId, key, requestId } = record
  if (typeof event !== 'string' || typeof time !== 'string') return undefined
  const [refused] = Array.isArray(record['refusals']) ? record['refusals'] : []
  const reason = readObject(refused)['code'] ?? code ?? policy ?? ''
  const place = clusterId ?? key ?? ''
  const answer = typeof status === 'number' ? `${formatStatus(status)} ` : ''
  const ending = typeof requestId === 'string' ? styleText('dim', `  ${requestId}`) : ''
  return `${styleText('dim', time.slice(11, 19))}  ${event} ${String(place)}  ${answer}${String(reason)}${ending}`
}

function readObject(value: unknown): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return typeof read === 'object' && read !== null ? { ...read } : {}
  } catch {
    return {}
  }
}
