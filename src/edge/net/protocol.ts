/**
 * What the node worker and its page say to each other, so that the worker can use connections that only a page can have.
 * @module
 */

/** Which of the two kinds of paths are cut. */
export interface Cut {
  readonly direct: boolean
  readonly relayed: boolean
}

/** Brings the port on which all below is said. */
export interface RtcMessage {
  readonly kind: 'rtc'
  /** The worker holds this lock as long as it lives. */
  readonly lockName: string
}

/** What a connection is asked to do; the answer comes by `id`. */
export type Call =
  | { readonly method: 'createOffer' | 'createAnswer' }
  | { readonly method: 'setLocalDescription' | 'setRemoteDescription'; readonly description: RTCSessionDescriptionInit }
  | { readonly method: 'addIceCandidate'; readonly candidate: RTCIceCandidateInit }

export type ToPage =
  /** The lock is held. */
  | { readonly kind: 'held' }
  | { readonly kind: 'make'; readonly connection: number; readonly configuration: RTCConfiguration }
  | {
      readonly kind: 'channel'
      readonly connection: number
      readonly channel: number
      readonly label: string
      readonly options: RTCDataChannelInit
    }
  | { readonly kind: 'call'; readonly connection: number; readonly id: number; readonly call: Call }
  | { readonly kind: 'close'; readonly connection: number }
  /** What was said to be cut is cut. */
  | { readonly kind: 'cut'; readonly id: number }

export type FromPage =
  | { readonly kind: 'cut'; readonly id: number; readonly cut: Cut }
  /** A description, and for `set…Description` the one that the browser holds now. */
  | { readonly kind: 'answer'; readonly id: number; readonly description: RTCSessionDescriptionInit | null }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string }
  | { readonly kind: 'state'; readonly connection: number; readonly state: RTCPeerConnectionState }
  | { readonly kind: 'candidate'; readonly connection: number; readonly candidate: RTCIceCandidateInit | null }
  /** `channel` is null where the peer made it. */
  | {
      readonly kind: 'channel'
      readonly connection: number
      readonly channel: number | null
      /** Transferred. */
      readonly dataChannel: RTCDataChannel
    }
