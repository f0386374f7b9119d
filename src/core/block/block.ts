/**
 * Blocks: the signed records that describe one, and the sealed body that they vouch for.
 * @module
 */
export * from './body.ts'
export { pageEntryCountMax } from './body-page.ts'
export * from './object.ts'
export * from './records.ts'
export * from './sector.ts'
export { recordGroup, signedTogetherCountMax } from './signature.ts'
