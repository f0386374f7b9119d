/**
 * What the page's elements need from outside: the node, and the authenticator. Types only.
 *
 * `main.ts` builds both from the edge and hands them to `<bt-shell>`; the elements never reach the edge themselves.
 * @module
 */
import type { NodeApi, NodeEvent, PasskeyAssertion, PasskeyCreation } from '../node/api.ts'

/**
 * Where the node of this profile is, as this tab sees it.
 * `starting`: none answers yet. `here`: it answers. `elsewhere`: another tab hosts it and it answers. `moved`: its tab went
 * away and another is taking over. `failed`: none can be had; the sentence says why.
 */
export type NodeState = 'starting' | 'here' | 'elsewhere' | 'moved' | 'failed'

export interface UiNode {
  readonly api: NodeApi
  /** A snapshot first, then every change, also across a move of the node; ends with the returned function. */
  watch(observer: (event: NodeEvent) => void): () => void
  /** Calls back at once with the present state, then at every change. @param callback gets a sentence for a person */
  onState(callback: (state: NodeState, sentence: string) => void): () => void
}

/**
 * Whether this address can have passkeys. `localhost`: yes, but they work on this computer's localhost only.
 * `none`: no authenticator, or an address (such as 127.0.0.1) to which browsers refuse one.
 */
export type PasskeyAvailability = 'here' | 'localhost' | 'none'

export interface PasskeyCreationAsk {
  readonly ownerName: string
  /** For the PRF, 32 octets. */
  readonly salt: Uint8Array
  /** Random, 16 octets; tells two trees of one owner apart in the authenticator's list. */
  readonly userId: Uint8Array
  readonly signal: AbortSignal
}

export interface PasskeyAssertionAsk {
  /** What is signed, 32 octets. */
  readonly challenge: Uint8Array
  readonly credentialId: Uint8Array
  readonly rpId: string
  readonly signal: AbortSignal
}

/** Each call may show one prompt of the browser. Rejects with a `BlocktreeError` whose message says what to do. */
export interface PasskeyPort {
  availability(): Promise<PasskeyAvailability>
  create(ask: PasskeyCreationAsk): Promise<PasskeyCreation>
  sign(ask: PasskeyAssertionAsk): Promise<PasskeyAssertion>
}
