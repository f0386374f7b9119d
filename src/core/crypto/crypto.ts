/**
 * What keys say: principals, signatures, the root's credential set, derived keys and wrapped keys (paper §2).
 *
 * Everything here is synchronous and pure. Bulk sealing, and verifying many signatures, is planned by the core and done by the
 * platform's crypto port; `verifyClaim` is the rule that the port must agree with.
 * @module
 */
export * from './claim.ts'
export * from './credential.ts'
export * from './derive.ts'
export * from './digest.ts'
export { isEd25519Key } from './ed25519.ts'
export * from './hpke.ts'
export * from './passkey.ts'
export * from './recovery.ts'
export * from './sector.ts'
export * from './wrap.ts'
