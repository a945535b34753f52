// RE2's search tests (re2-search.txt, re2-exhaustive.txt unpacked, as in Go's regexp/testdata) against patterns: as a search
// anywhere, and over the whole string. Where a match begins and ends is not compared, since `matches` does not say.
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { compilePattern, type Pattern } from '../../src/pattern/pattern.ts'
import { createSearcher } from '../condition/policy-vm.ts'
import { createTally, type Tally } from './tally.ts'
import { unquoteGo } from './unquote-go.ts'

/** @param folder the folder of the text files */
export async function runRe2Suite(folder: string): Promise<Tally> {
  const tally = createTally()
  for (const file of readdirSync(folder).filter((name) => /^re2-.*\.txt$/.test(name))) {
    await runFile(join(folder, file), file, tally)
  }
  return tally
}

/** One pattern of the file in both forms, or why it is left out. */
interface Candidate {
  readonly text: string
  readonly anywhere: Pattern
  readonly whole: Pattern
}

async function runFile(path: string, file: string, tally: Tally): Promise<void> {
  const { search } = createSearcher()
  let strings: (string | undefined)[] = []
  let isInStrings = false
  let candidate: Candidate | undefined
  let at = 0
  let lineNumber = 0
  for await (const line of readLines(path)) {
    lineNumber++
    if (line === 'strings') {
      strings = []
      isInStrings = true
    } else if (line === 'regexps') isInStrings = false
    else if (line.startsWith('"')) {
      if (isInStrings) strings.push(unquoteGo(line))
      else {
        candidate = readCandidate(unquoteGo(line), tally)
        at = 0
      }
    } else if (/^(-|\d)/.test(line)) {
      const text = strings[at++]
      if (candidate === undefined) continue
      if (text === undefined) {
        tally.count('left out: the string is not Unicode')
        continue
      }
      // RE2 works on bytes and finds a `\B` inside a character; Go's engine and this one do not.
      if (candidate.text.includes('\\B') && /[^\x00-\x7f]/.test(text)) {
        tally.count('left out: \\B over characters of several bytes')
        continue
      }
      const [whole, anywhere] = line.split(';').map((match) => match !== '-')
      const answers = [search(candidate.whole, text), search(candidate.anywhere, text)]
      if (answers[0] === whole && answers[1] === anywhere) tally.count('searches with the answers of RE2')
      else
        tally.fail(
          `${file}:${lineNumber} ${JSON.stringify(candidate.text)} over ${JSON.stringify(text)}`,
          `answered ${answers}`,
        )
    }
  }
}

function readCandidate(text: string | undefined, tally: Tally): Candidate | undefined {
  if (text === undefined) {
    tally.count('patterns left out: not Unicode')
    return undefined
  }
  const anywhere = compilePattern(text)
  const whole = compilePattern(`\\A(?:${text})\\z`)
  if (anywhere.ok && whole.ok) {
    tally.count('patterns accepted')
    return { text, anywhere: anywhere.pattern, whole: whole.pattern }
  }
  // A message quotes what it refuses after a colon.
  tally.count(`patterns refused: ${anywhere.ok ? 'too large with anchors' : anywhere.message.replace(/".*?"/g, '…')}`)
  return undefined
}

/** Only a line feed ends a line: the strings contain all other line breaks as they are. */
async function* readLines(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
