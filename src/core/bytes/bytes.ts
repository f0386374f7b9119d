/**
 * Octets, results and wire formats: what every other part of the core stands on.
 * @module
 */
export * from './codec.ts'
export * from './error.ts'
export * from './fault.ts'
export * from './octets.ts'
export * from './padding.ts'
export * from './slices.ts'
