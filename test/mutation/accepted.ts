// Survivors that stay, each with the reason why no test notices it. They do not count against the score.
import type { AcceptedSurvivor } from './report.ts'

type Row = readonly [original: string, replacement: string, why: string]

const BY_FILE: Readonly<Record<string, readonly Row[]>> = {
  'src/gateway/request-snapshot.ts': [
    ["throw new Error('a document was not read')", ';', 'for the compiler: each key was read, and awaited'],
    ['!uses.has(key.text)', 'true', 'the place is kept, and the use is noted again at once'],
    ['!uses.has(text)', 'true', 'the place is kept, and the use is noted again at once'],
    ['one === undefined || one instanceof Promise', 'false', 'for the compiler: each key was read, and awaited'],
    [
      'one === undefined || one instanceof Promise',
      'one === undefined && one instanceof Promise',
      'for the compiler: each key was read, and awaited',
    ],
    ['one === undefined', 'false', 'for the compiler: each key was read, and awaited'],
    ['true', 'false', 'only whether the result is ok is asked'],
  ],
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
  'src/token/applied-record.ts': [
    [
      'bytes.length > STORE_VALUE_MAX_BYTES',
      'bytes.length >= STORE_VALUE_MAX_BYTES',
      'a record of exactly 25 MiB would have to be signed: that it is refused beyond is tested',
    ],
    ['payload === undefined', 'false', 'without bytes there is no JSON either: refused alike'],
    ['encoded.length > 2 * KID_MAX_BYTES', 'false', 'a longer header is only refused earlier'],
  ],
  'src/token/claims.ts': [
    ['nbf !== undefined', 'true', 'no time is before undefined'],
    ['nbf === undefined', 'false', 'an absent member and an undefined one are read alike'],
  ],
  'src/token/keys/anchor.ts': [
    ['kept !== undefined', 'false', 'a cache: the answer is computed again'],
    ['sourceIds.set(spec, id)', ';', 'a cache: the answer is computed again'],
  ],
  'src/token/keys/key-set.ts': [
    ['kid === undefined', 'false', 'an absent member and an undefined one are read alike, or for the compiler'],
    ['group.length === 1 && first !== undefined', 'false', 'the longer way gives the same keys'],
    ['first !== undefined', 'true', 'the longer way gives the same keys'],
    ['first !== undefined', 'first === undefined', 'the longer way gives the same keys'],
    ['{ keys.push(first.key) return }', '{}', 'the longer way gives the same keys'],
    [
      'owners.get(algorithm)?.size',
      'owners.get(algorithm).size',
      'an absent member and an undefined one are read alike, or for the compiler',
    ],
  ],
  'src/token/keys/pem-key.ts': [
    ['lines.indexOf(END) !== lines.length - 1', 'false', 'base64 has no END line: refused all the same'],
    ['der === undefined', 'false', 'what is cut short is found again by the comparison of its end'],
    ['modulus === undefined', 'false', 'what is cut short is found again by the comparison of its end'],
    ['first === undefined', 'false', 'what is cut short is found again by the comparison of its end'],
    ['start + length <= bytes.length', 'true', 'what is cut short is found again by the comparison of its end'],
    ['start + length', 'start - length', 'what is cut short is found again by the comparison of its end'],
  ],
  'src/token/keys/public-key.ts': [
    [
      "throw new TypeError('a symmetric key cannot be a public key')",
      ';',
      'no public key imports as a symmetric one: for the compiler',
    ],
    ['kid === undefined', 'false', 'an absent member and an undefined one are read alike'],
    ['Object.keys(ALGORITHMS) .filter(isAlgorithm)', 'Object.keys(ALGORITHMS)', 'for the compiler'],
    ["typeof curve === 'string'", 'true', 'what is no string names no curve, or decodes to no bytes'],
    ["typeof curve !== 'string'", 'false', 'what is no string names no curve, or decodes to no bytes'],
    ["typeof text === 'string'", 'true', 'what is no string names no curve, or decodes to no bytes'],
    ["typeof text !== 'string'", 'false', 'what is no string names no curve, or decodes to no bytes'],
    ['key instanceof Uint8Array', 'false', 'no public key imports as a symmetric one: for the compiler'],
  ],
  'src/token/parse.ts': [
    ['parts.length === 5', 'false', 'five parts are also not three: only the sentence differs'],
    ['headerPart === undefined', 'false', 'three parts are three strings: for the compiler alone'],
    ['claimsPart === undefined', 'false', 'three parts are three strings: for the compiler alone'],
    ['signaturePart === undefined', 'false', 'three parts are three strings: for the compiler alone'],
    ['notBeforeSeconds !== undefined', 'true', 'no time is before undefined'],
    ['bytes === undefined', 'false', 'what could not be read is no JSON object either: only the sentence differs'],
    ['!json.ok', 'false', 'what could not be read is no JSON object either: only the sentence differs'],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: code as it stands
      '{ return `has ${what} that is not canonical base64url: send the token as issued, without padding or whitespace` }',
      '{}',
      'only a sentence differs',
    ],
    ['where === undefined', 'false', 'an absent member and an undefined one are read alike'],
  ],
  'src/token/session/session-claims.ts': [
    ["typeof clusterId === 'string'", 'true', 'what is no string was refused above, or is undefined'],
  ],
  'src/token/session/session-keys.ts': [
    [
      "throw new Error('a set of session keys always has a first key that signs')",
      ';',
      'cannot happen: for the compiler',
    ],
    ["throw new Error('a session key must not be symmetric')", ';', 'cannot happen: for the compiler'],
  ],
  'src/token/unverified.ts': [
    ['[]', '["Stryker was here"]', 'no part can be read of either'],
    ['bytes === undefined', 'false', 'without bytes there is no JSON either'],
  ],
}

export const ACCEPTED: readonly AcceptedSurvivor[] = Object.entries(BY_FILE).flatMap(([file, rows]) =>
  rows.map(([original, replacement, why]) => ({ file, original, replacement, why })),
)
