/**
 * One turn of the real event loop, for tests: when it comes round, no microtask is left.
 * @module
 */
export const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
