// On a narrow screen one pane at a time: buttons choose it. On a wide one style.css shows all three and no buttons.

export function switchPanes(): void {
  const buttons = Array.from(document.querySelectorAll<HTMLButtonElement>('[data-shows]'))
  for (const button of buttons) {
    button.addEventListener('click', () => {
      document.body.dataset['shown'] = button.dataset['shows'] ?? ''
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
    })
  }
}
