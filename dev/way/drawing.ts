// The way of the token as a tree of calls, one function a line with its file.
import type { RunFunction } from './run-functions.ts'
import type { HandedFunction } from './token-line.ts'

interface Node {
  readonly function: RunFunction
  readonly isHanded: boolean
  readonly children: Node[]
}

/** Names in parentheses are those of callers that are not handed the token themselves. `known`: to name callbacks. */
export function drawLine(line: readonly HandedFunction[], known: readonly RunFunction[]): string {
  const isHanded = new Set(line.map(({ handed }) => handed))
  const nodes = new Map<RunFunction, Node>()
  const roots: Node[] = []
  for (const { handed, callers } of line) {
    let siblings = roots
    for (const one of [...callers, handed]) {
      let node = nodes.get(one)
      if (node === undefined) {
        node = { function: one, isHanded: isHanded.has(one), children: [] }
        nodes.set(one, node)
        siblings.push(node)
      }
      siblings = node.children
    }
  }

  const rows: (readonly [tree: string, file: string])[] = []
  function draw(siblings: readonly Node[], indent: string): void {
    for (const node of siblings) {
      const name = nameFunction(node.function, known)
      rows.push([indent + (node.isHanded ? name : `(${name})`), node.function.file])
      draw(node.children, `${indent}  `)
    }
  }
  draw(roots, '')
  const width = Math.max(...rows.map(([tree]) => tree.length)) + 2
  return rows.map(([tree, file]) => tree.padEnd(width) + file).join('\n')
}

/** A callback without a name is named by the function around it. */
function nameFunction(one: RunFunction, known: readonly RunFunction[]): string {
  if (one.name !== '') return one.name
  const around = known.filter(
    ({ file, name, start, end }) => file === one.file && name !== '' && start < one.start && one.end <= end,
  )
  const nearest = around.sort((a, b) => b.start - a.start)[0]
  return `callback in ${nearest?.name ?? one.file}`
}
