// Builds elements. Text goes in as text nodes only: nothing that was typed, pasted or shared is ever parsed as markup.

type Child = Node | string | undefined | false | readonly Child[]

export interface Properties {
  readonly class?: string
  readonly id?: string
  readonly title?: string
  readonly type?: string
  readonly value?: string
  readonly for?: string
  readonly role?: string
  readonly hidden?: boolean
  readonly disabled?: boolean
  readonly checked?: boolean
  readonly open?: boolean
  readonly tabindex?: number
  readonly data?: Readonly<Record<string, string>>
  readonly aria?: Readonly<Record<string, string>>
  readonly onclick?: () => void
}

/** Makes an element. Properties become attributes; there is none that takes code or markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  const { data = {}, aria = {}, onclick, ...attributes } = properties
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '')
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value))
  }
  for (const [name, value] of Object.entries(data)) made.dataset[name] = value
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value)
  if (onclick !== undefined) made.addEventListener('click', onclick)
  append(made, children)
  return made
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) continue
    if (typeof child === 'string' || child instanceof Node) parent.append(child)
    else append(parent, child)
  }
}

/** Finds an element that the page's HTML has. @throws {Error} if it has none, which is a fault of the build */
export function find<Tag extends keyof HTMLElementTagNameMap>(id: string, tag: Tag): HTMLElementTagNameMap[Tag] {
  const found = document.getElementById(id)
  if (found === null || found.localName !== tag) throw new Error(`the page has no ${tag} #${id}`)
  return found as HTMLElementTagNameMap[Tag]
}
