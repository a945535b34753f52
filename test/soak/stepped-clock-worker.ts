// What a soak does to a Worker from within. Imported before everything else, so that the gateway is handed this clock.
export const control = {
  offsetMillis: 0,
  store: 'well' as 'well' | 'throws' | 'slow',
  replay: 'well' as 'well' | 'throws' | 'hangs',
  /** Documents that the store returns instead of its own. */
  old: {} as Readonly<Record<string, string>>,
}

const now = Date.now
Date.now = () => now() + control.offsetMillis
