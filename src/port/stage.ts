/**
 * The stage: a few simulated devices with one tree, to be looked at while they run, and disturbed.
 * @module
 */

export interface StageOptions {
  /** From 1; all chance there is comes from it. */
  readonly seed: number
  /** 3 to 7. */
  readonly deviceCount: number
  /** Whether trouble comes by itself, also by the seed. */
  readonly isTroubled: boolean
}

/** What somebody does to the devices; `device` counts from 0. */
export type StageDeed =
  /** Ends the node; what its disk holds stays. */
  | { readonly kind: 'kill'; readonly device: number }
  | { readonly kind: 'start'; readonly device: number }
  /** The tab sleeps for a while, as tabs in the background do. */
  | { readonly kind: 'freeze'; readonly device: number }
  /** To the other side of the network, from which nothing gets to this one; or back. */
  | { readonly kind: 'part'; readonly device: number }
  /** The disk takes long for each write, or no longer than before. */
  | { readonly kind: 'slow'; readonly device: number }
  /** A person adds a file there. */
  | { readonly kind: 'write'; readonly device: number }
  /** All get through to each other. */
  | { readonly kind: 'heal' }
  /** Whether people at all devices write by themselves. */
  | { readonly kind: 'people'; readonly areWriting: boolean }
  | { readonly kind: 'trouble'; readonly isComing: boolean }

/** A message of consensus by what it is for; what is no message of consensus is `other`. */
export type ParcelKind = 'vote' | 'entries' | 'heartbeat' | 'answer' | 'other'

export interface StageParcel {
  readonly id: number
  readonly from: number
  readonly to: number
  readonly kind: ParcelKind
  readonly sentAtMs: number
  /** When it arrives, where nothing stops it on its way. */
  readonly dueAtMs: number
}

export interface StageEntry {
  readonly index: number
  readonly term: number
}

export interface StageDevice {
  readonly name: string
  readonly role: 'leader' | 'voter' | 'learner'
  readonly health: 'awake' | 'frozen' | 'off' | 'starting'
  readonly wakesAtMs: number
  readonly isApart: boolean
  readonly isSlow: boolean
  readonly term: number
  /** The end of its log, as it is on its disk; the oldest first. */
  readonly entries: readonly StageEntry[]
  /** It has taken in everything up to this index. */
  readonly appliedIndex: number
  /** Files in the tree, as a person there sees it. */
  readonly fileCount: number
  /** What was done there and the tree has not taken yet. */
  readonly waitingCount: number
}

interface Told {
  readonly id: number
  readonly atMs: number
}
interface ToldOfDevice extends Told {
  readonly device: number
}
export type StageEvent =
  | (ToldOfDevice & { readonly kind: 'leads'; readonly term: number })
  | (ToldOfDevice & { readonly kind: 'killed' | 'started' | 'parted' | 'rejoined' | 'slowed' | 'sped' })
  | (ToldOfDevice & { readonly kind: 'froze'; readonly durationMs: number })
  /** The tree has it, or the device keeps it until the tree takes it. */
  | (ToldOfDevice & { readonly kind: 'taken' | 'kept'; readonly name: string; readonly durationMs: number })
  /** The device was closed before it could answer. */
  | (ToldOfDevice & { readonly kind: 'unanswered'; readonly name: string })
  | (Told & { readonly kind: 'healed' })

/** All there is to be seen at one instant. */
export interface StagePicture {
  readonly nowMs: number
  readonly devices: readonly StageDevice[]
  /** Pairs that are connected. */
  readonly paths: readonly (readonly [number, number])[]
  readonly parcels: readonly StageParcel[]
  /** What was acknowledged to a person as decided. */
  readonly acknowledgedCount: number
  /** How many have led, each in a term of its own. */
  readonly electionCount: number
  /** What has happened, the newest last. */
  readonly story: readonly StageEvent[]
  /** What must never be so; empty for ever, if the program is right. */
  readonly violations: readonly string[]
}

/** A stage in a thread of its own. */
export interface StagePort {
  act(deed: StageDeed): void
  /** @param simulatedMsPerSecond 0: time stands still */
  pace(simulatedMsPerSecond: number): void
  close(): void
}
/** What a stage tells of itself. */
export interface StageWatch {
  /** @param share of what has to be done before the first picture, 0 to 1 */
  onProgress(share: number): void
  onPicture(picture: StagePicture): void
  /** It can not go on. */
  onFailure(message: string): void
}
