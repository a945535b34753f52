export async function printCosts(): Promise<void> {}
