// Ascending lists as one, without sorting: the lists are sorted once per document, and most searches end at their start.

/** A function that gives the numbers of all lists in ascending order, each once, and then `undefined`. */
export function mergeAscending(lists: readonly (readonly number[])[]): () => number | undefined {
  const [only = []] = lists
  if (lists.length <= 1) {
    let at = 0
    return () => only[at++]
  }
  const heap: Cursor[] = []
  for (const list of lists) if (list.length > 0) heap.push({ list, at: 0, head: list[0] ?? 0 })
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at)
  let last: number | undefined
  return () => {
    let [least] = heap
    while (least !== undefined && least.head === last) {
      advance(heap, least)
      ;[least] = heap
    }
    if (least === undefined) return undefined
    last = least.head
    advance(heap, least)
    return last
  }
}

interface Cursor {
  readonly list: readonly number[]
  at: number
  head: number
}

/** Moves the least cursor on, and drops it at the end of its list. */
function advance(heap: Cursor[], least: Cursor): void {
  least.at++
  const head = least.list[least.at]
  if (head === undefined) {
    const end = heap.pop()
    if (end === undefined || end === least) return
    heap[0] = end
  } else least.head = head
  sink(heap, 0)
}

/** Restores the order below `from`: no cursor has a head above that of one of its two children. */
function sink(heap: Cursor[], from: number): void {
  let at = from
  for (;;) {
    const own = heap[at]
    const left = 2 * at + 1
    const child = (heap[left + 1]?.head ?? Number.POSITIVE_INFINITY) < (heap[left]?.head ?? 0) ? left + 1 : left
    const lesser = heap[child]
    if (own === undefined || lesser === undefined || lesser.head >= own.head) return
    heap[at] = lesser
    heap[child] = own
    at = child
  }
}
