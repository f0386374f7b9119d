/**
 * What the page's elements need from outside: the node, the authenticator, the camera, and what the host says. Types only.
 *
 * `main.ts` builds them from the edge and hands them to `<bt-shell>`; the elements never reach the edge themselves.
 * @module
 */
import type { NodeApi, NodeEvent, PasskeyAssertion, PasskeyCreation } from '../node/api.ts'
import type { StageOptions, StagePort, StageWatch } from '../port/stage.ts'
import type { SeenTree } from './seen-tree.ts'

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
 * What can be offered without a prompt. `platform`: the device itself has an authenticator. `elsewhere`: a phone or a key may
 * serve. `missing`: not in this browser. `notHere`: browsers refuse passkeys to this address, such as 127.0.0.1.
 */
export type PasskeyAvailability = 'platform' | 'elsewhere' | 'missing' | 'notHere'

export interface PasskeyCreationAsk {
  readonly ownerName: string
  /** For the PRF, 32 octets. */
  readonly salt: Uint8Array
  /** Random, 16 octets; the same in every try of one planting, so that a second try replaces the first one's passkey. */
  readonly userId: Uint8Array
  /** Passkeys that the new one is to be apart from: an authenticator that holds one of them makes no other. */
  readonly knownIds: readonly Uint8Array[]
  readonly signal: AbortSignal
}

export interface PasskeyAssertionAsk {
  /** What is signed, 32 octets. */
  readonly challenge: Uint8Array
  /** Any one of these signs. */
  readonly credentialIds: readonly Uint8Array[]
  readonly rpId: string
  readonly signal: AbortSignal
}

/**
 * `create` may show two prompts of the browser, `sign` shows one. Rejects with a `BlocktreeError` whose message says what to do, `CancelledError` where
 * the signal ended it.
 */
export interface PasskeyPort {
  availability(): Promise<PasskeyAvailability>
  create(ask: PasskeyCreationAsk): Promise<PasskeyCreation>
  sign(ask: PasskeyAssertionAsk): Promise<PasskeyAssertion>
  /** What a passkey gives for a salt, 32 octets, a secret; null where it gives nothing. Shows one prompt. */
  unlock(credentialId: Uint8Array, salt: Uint8Array, signal: AbortSignal): Promise<Uint8Array | null>
}

/** Outlives the node's database. */
export interface SeenTreePort {
  recall(): SeenTree | null
  keep(tree: SeenTree): void
}

/** Until when additions of devices were told of, milliseconds since 1970; 0 at first. */
export interface ToldPort {
  recall(): number
  keep(atMs: number): void
}

/** A further profile of this browser, in a frame of this page as if it were another device. */
export interface PretendPort {
  readonly profile: string
  /** Whether this page's own tree is one to try things with, that nobody will miss. */
  readonly isTrial: boolean
  /** The tree that it has shown last. */
  tree(): SeenTree | null
  /** Calls back when that is another one. @returns ends it */
  watch(onTree: () => void): () => void
  /** Cuts its network for real, or mends it. Resolves when it is so. */
  setCord(frame: Window, isPulled: boolean): Promise<void>
  /** Removes all that it has stored in this browser; to be called when no frame shows it any more. */
  remove(): Promise<void>
}

/** Work that takes a while. */
export interface LongWork {
  readonly signal: AbortSignal
  /** @param share of the whole, 0 to 1 */
  readonly onProgress: (share: number) => void
}

/** The fragments of one file, in this page's memory. */
export interface MadeFragments {
  /** Of what was coded: a file that comes back has the same. */
  readonly contentRoot: Uint8Array
  /** Octets of one fragment. */
  readonly sizeBytes: number
  /** So many bring the file back. */
  readonly neededCount: number
  /** Numbers of those that are left. */
  held(): ReadonlySet<number>
  destroy(id: number): void
  /** Rejects with a `BlocktreeError` where it can not be done; the file is never a wrong one. */
  restore(work: LongWork): Promise<Blob>
}
export interface FragmentsPort {
  make(file: Blob, fragmentCount: number, neededCount: number, work: LongWork): Promise<MadeFragments>
}

/** Opens a stage of simulated devices, which begins at once. */
export type OpenStage = (options: StageOptions, watch: StageWatch) => StagePort

/** What the host of this page publishes about itself. */
export interface HostFacts {
  /** Where others reach it, `https://` with a host name; none where it does not say. */
  readonly origins: readonly string[]
}
/** Answers with nothing where the host says nothing or is not reached; never rejects. */
export type HostFactsPort = () => Promise<HostFacts>

/** Reads QR codes. Rejects with a `BlocktreeError` whose message says what to do instead. */
export interface ScannerPort {
  /** Shows what the camera sees in `video`, and tells of each code in it, of the same one again and again. Resolves once `signal` has ended it. */
  look(
    video: HTMLVideoElement,
    look: { readonly signal: AbortSignal; onRunning(): void; onText(text: string): void },
  ): Promise<void>
  /** @returns what the code in a picture says; null where none can be read */
  readPhoto(photo: Blob): Promise<string | null>
}
