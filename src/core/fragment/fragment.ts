/**
 * Fragments (paper §3): a block as pieces for others to keep, of which some are enough to bring it back; each sealed for its
 * storer, with a root that its storer can be asked to prove.
 * @module
 */
export * from './challenge.ts'
export * from './content.ts'
export * from './records.ts'
export * from './seal.ts'
export * from './stripe.ts'
