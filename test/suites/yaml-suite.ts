// yaml-test-suite (its `data` branch: a folder for each case, with in.yaml, in.json and error) against the reader of
// documents. A valid case gives the suite's JSON or is refused as outside the subset; an invalid one is refused.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readYaml } from '../../src/config/yaml/yaml.ts'
import type { YamlNode } from '../../src/config/yaml/yaml-node.ts'
import { createTally, type Tally } from './tally.ts'

/** Why valid YAML may be refused (docs/policies.md): anchors, aliases, tags, directives, second documents, or no content. */
const OUTSIDE: ReadonlySet<string> = new Set(['yaml_feature_forbidden', 'document_empty'])

/** @param folder the cases, as folders of four characters, or of numbers in these */
export function runYamlSuite(folder: string): Tally {
  const tally = createTally()
  const inputs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(^|\/)in\.yaml$/.test(file),
  )
  for (const input of inputs.sort()) {
    const name = dirname(input)
    if (/^(name|tags)\//.test(name)) continue // links to the cases, by name and by tag
    const read = (file: string): string | undefined => {
      const path = join(folder, name, file)
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined
    }
    const result = readYaml(read('in.yaml') ?? '')
    const code = result.ok ? undefined : result.issues[0]?.code
    if (read('error') !== undefined) {
      if (code === undefined) tally.fail(name, 'is not YAML, and was accepted')
      else tally.count('invalid, refused')
    } else if (result.ok) checkValue(name, result.root, read('in.json'), tally)
    else if (code !== undefined && OUTSIDE.has(code)) tally.count(`valid, refused as outside the subset: ${code}`)
    else tally.fail(name, `is YAML, and was refused: ${result.issues[0]?.message}`)
  }
  return tally
}

function checkValue(name: string, root: YamlNode, json: string | undefined, tally: Tally): void {
  if (json === undefined) {
    tally.count('valid, accepted, without a JSON to compare with')
    return
  }
  try {
    if (isDeepStrictEqual(toJson(root), JSON.parse(json))) tally.count('valid, accepted, with the value of the suite')
    else tally.fail(name, `was read as ${JSON.stringify(toJson(root))}`)
  } catch {
    tally.fail(name, 'has several documents, and was read as one')
  }
}

function toJson(node: YamlNode): unknown {
  switch (node.kind) {
    case 'map':
      return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, toJson(value)]))
    case 'list':
      return node.items.map(toJson)
    case 'null':
      return null
    case 'broken':
      return undefined
    default:
      return node.value
  }
}
