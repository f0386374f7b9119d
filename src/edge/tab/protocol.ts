/**
 * How the threads of one profile find each other: lock names and the messages that carry ports.
 *
 * A lock is the only sign of life that a browser withdraws by itself when its holder dies, so every party holds one:
 * the page that hosts the node, each caller, each term of the node, and the door at which a host is found.
 * @module
 */
import type { SentError } from '../rpc/rpc.ts'

/** Held by the page that hosts the node of a profile; the others queue on it. */
export const hostLock = (profile: string): string => `node:${profile}`
/** Held by a caller as long as it lives; the node reclaims what it began when it is free. */
export const callerLock = (callerId: string): string => `tab:${callerId}`
/** Held by one term of a node worker; callers queue on it and know on grant that their calls will not be answered. */
export const termLock = (profile: string, epoch: number): string => `leader:${profile}:${epoch}`
/** null where the lock is no term of this profile. */
export function termOf(profile: string, lockName: string): number | null {
  const prefix = `leader:${profile}:`
  return lockName.startsWith(prefix) ? Number(lockName.slice(prefix.length)) : null
}
/**
 * Held by the hosting page while its node answers; names the page as the service worker knows it. (`clientId` in
 * `navigator.locks.query()` is another number in Chromium: it was tried.)
 */
export const doorLock = (profile: string, epoch: number, clientId: string): string =>
  `door:${profile}:${epoch}:${clientId}`
/** null where the lock is no door of this profile. */
export function doorOf(profile: string, lockName: string): { epoch: number; clientId: string } | null {
  const prefix = `door:${profile}:`
  const [epoch, clientId] = lockName.slice(prefix.length).split(':')
  return lockName.startsWith(prefix) && clientId ? { epoch: Number(epoch), clientId } : null
}

/** Asks for the node; the message brings the port on which it shall answer. */
export interface ReachMessage {
  readonly kind: 'reach'
  readonly profile: string
  readonly callerId: string
}
/** First on that port, from the node. */
export interface Hello {
  readonly kind: 'hello'
  readonly epoch: number
}
export type ToWorker =
  | { readonly kind: 'start'; readonly profile: string }
  | ReachMessage
  /** Nobody looks at the page; it may be put to sleep without another word. */
  | { readonly kind: 'hidden' }
  | { readonly kind: 'close' }
export type FromWorker =
  | { readonly kind: 'ready'; readonly epoch: number }
  /** Nothing follows; the worker has closed itself. */
  | { readonly kind: 'stopped'; readonly error: SentError }
export type ToService = ReachMessage | { readonly kind: 'whoAmI' } | { readonly kind: 'takeOver' }
export type FromService = ReachMessage | { readonly kind: 'youAre'; readonly clientId: string }
/** Among the pages of a profile, by BroadcastChannel. */
export type Spoken =
  /** A visible page asks the host to hand over. */
  | {
      readonly kind: 'ask'
      readonly from: string
      /** A worker that it started has failed before. */
      readonly hasFailed: boolean
    }
  /** The host stays since it is visible too, or has given the node up. */
  | { readonly kind: 'answer'; readonly to: string; readonly stays: boolean }
  /** This page hosts from now on. */
  | { readonly kind: 'taken' }
  /** Its node answers. */
  | { readonly kind: 'up' }
