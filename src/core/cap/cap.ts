/**
 * Capabilities: who may write (writecaps) and who may read (readcaps).
 * @module
 */
export * from './readcap.ts'
export { grantedTogetherCountMax } from './together.ts'
export * from './writecap.ts'
