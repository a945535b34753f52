// Tabs as the ARIA Authoring Practices describe them: one stop for the Tab key, arrows between tabs, Home and End.

export interface Tabs {
  readonly select: (tab: HTMLElement) => void
  /** Call after tabs were added or removed. */
  readonly refresh: () => void
}

/**
 * Makes tabs of the elements with `role="tab"` in a list. A tab with `aria-controls` shows its panel.
 * @param onSelect - called when a person or the page selects a tab
 */
export function makeTabs(list: HTMLElement, onSelect: (tab: HTMLElement) => void = () => undefined): Tabs {
  const tabs = (): readonly HTMLElement[] => Array.from(list.querySelectorAll<HTMLElement>('[role=tab]'))

  function show(selected: HTMLElement | undefined): void {
    for (const tab of tabs()) {
      const isSelected = tab === selected
      tab.setAttribute('aria-selected', String(isSelected))
      tab.tabIndex = isSelected ? 0 : -1
    }
    // A panel that several tabs share is shown if any of them is selected.
    for (const tab of tabs()) {
      const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '')
      if (panel !== null) panel.hidden = panel.id !== selected?.getAttribute('aria-controls')
    }
  }

  function select(tab: HTMLElement): void {
    show(tab)
    onSelect(tab)
  }

  list.addEventListener('click', ({ target }) => {
    const tab = target instanceof Element ? target.closest<HTMLElement>('[role=tab]') : null
    if (tab !== null) select(tab)
  })
  list.addEventListener('keydown', (event) => {
    const all = tabs()
    const { activeElement } = document
    const at = activeElement instanceof HTMLElement ? all.indexOf(activeElement) : -1
    const next = findNext(event.key, at, all.length)
    const tab = next === undefined ? undefined : all[next]
    if (at < 0 || tab === undefined) return
    event.preventDefault()
    tab.focus()
    select(tab)
  })
  const refresh = (): void => show(tabs().find((tab) => tab.getAttribute('aria-selected') === 'true') ?? tabs()[0])
  refresh()
  return { select, refresh }
}

function findNext(key: string, at: number, count: number): number | undefined {
  if (key === 'ArrowRight') return (at + 1) % count
  if (key === 'ArrowLeft') return (at - 1 + count) % count
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : undefined
}
