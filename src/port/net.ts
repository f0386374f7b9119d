/**
 * What a node needs of the network: pairs of devices joined by two framed lanes each.
 *
 * A transport id is authenticated by the path itself; whose device stands behind it is told by the hello
 * (`core/message/hello.ts`), for which a connection gives its binding.
 * @module
 */
import type { Bytes, Fault, Result } from '../core/bytes/bytes.ts'

/** The Ed25519 public key of a device's transport, 32 octets. */
export type TransportId = Bytes

/** Where devices find each other, and the path that carries them where no direct one can be had. */
export interface RelayAddress {
  /** `wss:` or `ws:`, absolute. */
  readonly url: string
  /** The relay's own id, as it publishes it. */
  readonly peerId: string
}

/**
 * `control` for what must not wait (consensus, messages, locks), `bulk` for what is large. They have windows of their own, so
 * that neither waits for the other's reader.
 */
export type Lane = 'control' | 'bulk'

/** What the path itself proves, for the hello to sign. */
export type Binding =
  /** DTLS between these two certificates: SHA-256 of each, as this side sees it. */
  | { readonly kind: 'direct'; readonly ownFingerprint: Bytes; readonly peerFingerprint: Bytes }
  /** Noise between the two transport ids, through a relay. */
  | { readonly kind: 'relayed' }

export interface Connection {
  readonly peer: TransportId
  /** Whether this side dialled. */
  readonly isDialler: boolean
  readonly isRelayed: boolean
  readonly binding: Binding
  /**
   * Takes the frame, which must not be changed afterwards. After the connection has closed nothing is sent.
   * @returns false: the peer has not taken what was sent before; wait for `drained` before the next one
   * @throws RangeError where the frame is longer than `frameSizeBytesMax` of `core/message`
   */
  send(lane: Lane, frame: Uint8Array): boolean
  /** Resolves when `send` would return true, and when the connection has closed. */
  drained(lane: Lane): Promise<void>
  /**
   * The next frame of a lane; null when the connection has closed and all that came before is received. What is not received
   * keeps the sender waiting. One call at a time for a lane.
   */
  receive(lane: Lane): Promise<Bytes | null>
  /** Resolves with the reason when it has closed, for whatever reason. */
  readonly closed: Promise<Fault>
  /** Says goodbye, so that the peer knows at once. @param reason given to `closed` on this side */
  close(reason?: Fault): void
}

export interface NetOptions {
  /** Kept in reach of each, so that others can dial this one. */
  readonly relays: readonly RelayAddress[]
  /** `stun:` addresses; without any, devices of one network find each other. */
  readonly stun: readonly string[]
  /**
   * Whether this one may dial now. It is asked before anything is done for it, so its id is not proved yet: a relay may name whom it
   * likes, but only whose id it is gets further.
   */
  admits(peer: TransportId): boolean
  /** A peer dialled. It has said nothing of who it is yet. */
  onConnection(connection: Connection): void
  /** A peer did what no program of ours does, and was dropped. */
  onDropped(peer: TransportId, fault: Fault): void
  /** How others reach this one changed: at these relays now, and inside this browser as ever. */
  onReachable(relays: readonly RelayAddress[]): void
}

export interface Net {
  readonly transportId: TransportId
  /** Directly where that can be had, else through a relay. Refused with a sentence where the peer is not there. */
  dial(peer: TransportId, relays: readonly RelayAddress[]): Promise<Result<Connection>>
  /** Whether a device has its node on this very machine and in this browser, so that the two come and go together. */
  isBeside(peer: TransportId): Promise<boolean>
  /** Closes all connections with a goodbye. */
  close(): Promise<void>
}

export interface NetPort {
  /** Loads what the network needs, and joins it. Called once. */
  open(options: NetOptions): Promise<Net>
}
