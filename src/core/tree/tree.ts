/**
 * The replicated tree: its state, the batches that change it, and the fold that applies them.
 * @module
 */
export * from './appointment.ts'
export * from './archive.ts'
export * from './arrival.ts'
export * from './at-rest.ts'
export * from './attestation.ts'
export * from './batch.ts'
export * from './device.ts'
export * from './excerpt.ts'
export * from './fold.ts'
export * from './generation.ts'
export * from './guest.ts'
export * from './hold.ts'
export * from './link.ts'
export { checkNotRevoked } from './membership.ts'
export * from './rendezvous.ts'
export { hasDismissed, hasDismissedSince, isKeyOwed, isRenewable, owesKey, withAccess } from './renewal.ts'
export * from './set-change.ts'
export * from './state.ts'
