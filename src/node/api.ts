/**
 * All that a page may ask of its node. Types only: the contract of the worker's port.
 *
 * Ids are base64url text where no other type is named. Every method rejects with a `BlocktreeError` whose `code` a program compares
 * and whose message is a sentence for a person. A mutation carries a request id made by the page: repeated after `NodeMovedError` it
 * takes effect once. `cancel(requestId)` ends a running one with `CancelledError`.
 * @module
 */

/** Hexadecimal. */
type HexText = string
/** Hexadecimal in groups of four, as people compare it. */
type GroupedHex = string

export type ItemKind = 'folder' | 'file' | 'link'

/** A block as a person sees it. */
export interface Item {
  readonly id: string
  /** null for the root folder only. */
  readonly parentId: string | null
  readonly kind: ItemKind
  readonly name: string
  /** Of a file its content's size; else 0. */
  readonly sizeBytes: number
  readonly createdAtMs: number
  readonly modifiedAtMs: number
  /** When it went to the trash; null outside. Items inside a trashed folder carry their own value, mostly null. */
  readonly trashedAtMs: number | null
  /** How many devices hold the whole body now; counted, not promised. */
  readonly copyCount: number
  /** This device keeps a change to it until the other devices can take it. */
  readonly isWaiting: boolean
}

/** A passkey that speaks for the root. */
export interface PasskeyLine {
  readonly id: string
  /** false: it is bound to one device or security key. true: its provider may copy it to other devices. */
  readonly isSynced: boolean
  /** Of one that waits, when it was asked for. */
  readonly addedAtMs: number
  /** What its PRF is asked with to open the owner's keys; null where it can not open them. */
  readonly prfSalt: Uint8Array | null
}

export interface TreeStatus {
  readonly treeId: HexText
  readonly rootId: string
  /** false: a tree of this browser alone, with a key that lives and dies here. */
  readonly isPlanted: boolean
  /** What the owner's devices call him; empty before planting. */
  readonly ownerName: string
  readonly deviceName: string
  /** The node's own. */
  readonly principal: GroupedHex
  /** How the root is kept; null before planting, and on a guest. */
  readonly root: {
    /** In the order in which they were added. */
    readonly passkeys: readonly PasskeyLine[]
    /** When the recovery card that counts came into force. */
    readonly cardSinceMs: number
    /** One that was added and does not count yet; until it does, any device of the owner may stop that. */
    readonly pending: (PasskeyLine & { readonly countsAtMs: number }) | null
  } | null
  /** Of those that have the whole tree, how many ask for keys in suite 2; null on a guest. */
  readonly hybridCount: number | null
  /** Of those that have the whole tree; on a guest itself and one of those, which has whatever is in the tree. */
  readonly deviceCount: number
  /** Of those that are limited to a folder, as far as this device has to know of them. */
  readonly guestCount: number
  /** What this device keeps until the others can take it; null where that is nothing. */
  readonly waiting: {
    readonly changeCount: number
    /** Names of the devices that decide, some of which have to be reached first; empty where no name is known. */
    readonly deviceNames: readonly string[]
  } | null
  /** How much lies in quarantine. */
  readonly quarantinedCount: number
  /**
   * This device was put out: it keeps what it has, and changes nothing any more. `by` is the name of the device that did it, empty
   * where that is not known; null where this one left by itself. null: it belongs to the tree.
   */
  readonly removed: { readonly by: string | null } | null
  /**
   * What was here before this tree, as long as nobody has said whether it comes along, or because it could not: `trouble` says why.
   * null where nothing was, or all of it came.
   */
  readonly aside: { readonly fileCount: number; readonly sizeBytes: number; readonly trouble: string | null } | null
  readonly decider: Decider
  /**
   * Time stands still: the clock of this device, by which it goes, is more than a day past the newest change, and neither another
   * device nor the site nor the owner has said that it is right. Nothing ends meanwhile. null: time goes on, or not by this device.
   */
  readonly standingTime: { readonly clockMs: number; readonly changedAtMs: number } | null
  /** Own devices whose time ends within 60 days, or has ended, and when the first of them does; null where there is none. */
  readonly expiring: { readonly deviceCount: number; readonly firstAtMs: number } | null
  /** This device is a guest: it has one folder of somebody's tree, which is all that it shows. null: it has the whole tree. */
  readonly limited: (Limits & { readonly folder: GuestFolder }) | null
}

/** Whether a guest's folder is where it was, in the trash of its tree, or was moved or deleted, so that nothing comes or goes any more. */
export type GuestFolder = 'there' | 'trashed' | 'gone'

/** What a limited device may, and where. */
export interface Limits {
  readonly folderName: string
  /** false: it reads. */
  readonly mayWrite: boolean
  readonly expiresAtMs: number
}

/** What a newcomer is to be: a device of the owner's, or limited to a folder. */
export type DeviceChoice =
  | { readonly kind: 'own' }
  | {
      readonly kind: 'limited'
      /** null: a new folder that is called like the device, among those of devices. */
      readonly folderId: string | null
      readonly mayWrite: boolean
      /** Within seven days. */
      readonly expiresAtMs: number
    }

/** Who decides about the tree now. Every change waits for that, kept on the device that it was made on. */
export interface Decider {
  /** On this device; on others that can be reached; on others that can not. */
  readonly quorum: 'here' | 'reachable' | 'away'
  /** How often the tree was taken over, and one more. */
  readonly generation: number
  /** The device that holds the vote, or the one of several that was seen last; empty where it can not be named. */
  readonly deviceName: string
  readonly principal: GroupedHex
  /** When it was last there, as far as this device knows. */
  readonly lastSeenAtMs: number
  /** Whom the owner has chosen to decide; null where the tree chooses itself. Some of them may be awaited still. */
  readonly appointed: readonly string[] | null
}

/** A file that was here before this tree; its content is opened under this id. */
export interface AsideFile {
  readonly id: string
  readonly name: string
  readonly sizeBytes: number
}

export type JobKind = 'add' | 'move' | 'plant' | 'export' | 'import' | 'purge' | 'renew' | 'reseal'

/** Something that takes longer than a moment; shown with progress and a way to cancel. */
export interface Job {
  /** The request id that started it, to cancel it by. */
  readonly id: string
  readonly kind: JobKind
  readonly title: string
  /** Of what is done, here and below, in all and a second. */
  readonly unit: 'bytes' | 'items'
  readonly done: number
  readonly total: number
  readonly perSecond: number
}

/** So much of the tree; a link is a short file. */
export interface Extent {
  readonly folderCount: number
  readonly fileCount: number
  readonly sizeBytes: number
}

/** Letting a device in, as this side sees it. */
export type Inviting = InvitingStage & {
  /** Another device came with a code that does not hold: used before, or too old. It was sent away, and this goes on as it was. */
  readonly notice?: string
}
type InvitingStage =
  /** Shown as a QR until it is scanned; a new one follows before it ends. `code` is base64url; the page makes the link. */
  | { readonly stage: 'code'; readonly code: string; readonly expiresAtMs: number }
  /** A device has read it, and asks its owner whether he wants to join this tree. */
  | { readonly stage: 'scanned' }
  /** Its owner wants to. What it shows is typed in here: four digits, one try. */
  | { readonly stage: 'digits'; readonly deviceName: string; readonly principal: GroupedHex }
  /** The digits were right. What is signed names all that is granted. */
  | {
      readonly stage: 'approval'
      readonly deviceName: string
      readonly principal: GroupedHex
      /** It is no device but a link in somebody else's tree, which gets a folder to read and nothing more. */
      readonly isLink: boolean
      /** null: it is to be one of the owner's devices, which read the whole tree and write everywhere. */
      readonly limited: (Limits & { readonly isNewFolder: boolean }) | null
      /** What is there to be read, the trash among it. */
      readonly readable: Extent
      /** Of the permission: 400 days for an own device. */
      readonly expiresAtMs: number
      /** null: a root without passkey, the twelve words sign. */
      readonly challenge: Uint8Array | null
      readonly credentialIds: readonly Uint8Array[]
    }
  /** Signed; being written into the tree. */
  | { readonly stage: 'admitting'; readonly deviceName: string }
  | { readonly stage: 'admitted'; readonly deviceName: string; readonly isLimited: boolean }
  /** Ended without a device. `code` is compared by programs, the message is for a person. */
  | { readonly stage: 'ended'; readonly code: string; readonly message: string }

/** Joining a tree, as the newcomer sees it. */
export type Joining =
  | { readonly stage: 'connecting' }
  | {
      readonly stage: 'confirm'
      readonly ownerName: string
      /** That shows the code. */
      readonly deviceName: string
      readonly treeId: GroupedHex
      /** This browser has a planted tree: what the other shares is kept in it as a link. */
      readonly isLink: boolean
    }
  | {
      readonly stage: 'digits'
      readonly digits: string
      /**
       * What came of them there: they were right, and the owner is asked; nobody answered; the answer did not hold. After these two it
       * can be asked again. null: they were not typed in yet.
       */
      readonly asked: 'pending' | 'notGiven' | 'notValid' | null
    }
  /** Admitted; the tree is on its way, as long as nobody ends it. `ownerName` is empty where that is not known yet. */
  | { readonly stage: 'fetching'; readonly ownerName: string }
  /** The tree is there; the home of this profile is now that tree (a `snapshot` event came before). */
  | { readonly stage: 'joined'; readonly ownerName: string }
  /** What the other shares is in the tree of this profile now, as a link. */
  | { readonly stage: 'kept'; readonly ownerName: string; readonly linkId: string; readonly name: string }
  | { readonly stage: 'ended'; readonly code: string; readonly message: string }

/** One device of the tree. */
export interface DeviceLine {
  readonly principal: GroupedHex
  readonly name: string
  readonly isThis: boolean
  /** Decides, or listens. */
  readonly role: 'voter' | 'learner'
  readonly path: 'this' | 'direct' | 'relayed' | 'away'
  readonly lastSeenAtMs: number | null
  /** When it was let in; within 72 hours that can be undone with one tap. */
  readonly admittedAtMs: number
  readonly heldBytes: number | null
  /** When its permission ends, unless its owner gives it more time. */
  readonly expiresAtMs: number
  /** null for the owner's own devices. */
  readonly limited: Limits | null
  /** The newest that it did and should not have, and that was refused here; null where there is nothing of that kind. */
  readonly report: { readonly code: string; readonly message: string; readonly atMs: number } | null
}

/** More time for a device. */
export interface Extension {
  readonly principal: GroupedHex
  /** Later than now and than it has already, within 400 days. */
  readonly expiresAtMs: number
}

/** A folder or file in somebody else's tree. */
export interface FarView {
  /** By which it is seen. */
  readonly linkId: string
  readonly item: Item
  /** From what the link may read down to the item itself. */
  readonly path: readonly Item[]
  readonly children: readonly Item[]
}

/** What is written into a file. */
export interface Edit {
  /** null: behind the end that the file has by then. What lies between the end and a place beyond it reads as zeros. */
  readonly startByte: number | null
  readonly content: Blob
}

/** What a watcher is told: first a snapshot, then what changed. */
export type NodeEvent =
  | {
      readonly kind: 'snapshot'
      readonly tree: TreeStatus
      readonly items: readonly Item[]
      readonly jobs: readonly Job[]
      readonly inviting: Inviting | null
      readonly joining: Joining | null
    }
  | {
      readonly kind: 'changed'
      readonly tree: TreeStatus
      readonly upserted: readonly Item[]
      readonly removedIds: readonly string[]
    }
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'jobEnded'; readonly id: string }
  | { readonly kind: 'inviting'; readonly inviting: Inviting | null }
  | { readonly kind: 'joining'; readonly joining: Joining | null }
  /** What is seen by a link into another tree is another than before, or is seen no more. */
  | { readonly kind: 'far'; readonly linkId: string }
  /** The node has stopped; the sentence says why. A reload, or the next tab, starts it again from disk. */
  | { readonly kind: 'stopped'; readonly code: string; readonly message: string }

export interface StorageReport {
  readonly usedBytes: number
  readonly quotaBytes: number
  readonly treeBytes: number
  readonly trashBytes: number
  readonly fileCount: number
  /** Of the files, those that are whole on this device. */
  readonly heldBytes: number
  /** How much of them this device is to keep; null: all. */
  readonly holdQuotaBytes: number | null
  /** This device decides on changes, for which it keeps all of them whatever the quota. */
  readonly isVoter: boolean
  /** Hash of the authenticated state; equal on all devices that hold the same tree. */
  readonly stateRoot: HexText
  /** The newest state that a majority of the deciding devices has signed; null where none is known. */
  readonly attested: {
    /** Stamp of the newest change in it. */
    readonly atMs: number
    readonly deviceCount: number
    /** false: this device had another one. */
    readonly agrees: boolean
  } | null
}

/** Something that this device had kept and that the tree then refused for good. It stays here until a person decides. */
export interface Quarantined {
  /** Its content, where it has one, is opened under this id. */
  readonly id: string
  readonly deed:
    | 'createFolder'
    | 'addFile'
    | 'addLink'
    | 'writeFile'
    | 'rename'
    | 'move'
    | 'trash'
    | 'restore'
    | 'purge'
  /** Of what it is about; empty where that is gone or many things. */
  readonly name: string
  /** Of its content. */
  readonly sizeBytes: number
  readonly madeAtMs: number
  /** Why it was refused, in a sentence. */
  readonly reason: string
}

export interface InterruptedUpload {
  readonly id: string
  readonly folderId: string
  readonly name: string
  readonly sizeBytes: number
  /** So much is stored already. */
  readonly storedBytes: number
}

/** One line of "who can read this". */
export interface ReaderLine {
  readonly who: string
  /** Empty for the root's authenticators. */
  readonly principal: GroupedHex
  /** Why: a readcap on this block, or on the folder named here. */
  readonly through: string
  readonly sinceMs: number
}

/** A device in what is told of it; its name is empty where that does not open here. */
export interface NamedDevice {
  readonly name: string
  readonly principal: GroupedHex
}

/** Somebody who can read, and perhaps write, now. */
export interface GrantLine {
  /** null: the owner, by passkey or recovery card. */
  readonly device: NamedDevice | null
  /** null: the whole tree; empty: a folder whose name is not known here. */
  readonly folderName: string | null
  readonly mayWrite: boolean
  readonly sinceMs: number
  /** null: for good. */
  readonly untilMs: number | null
  /** It was removed, and the new key that it will not have is still to be given. */
  readonly isRemoved: boolean
}

/** Something that was allowed, or taken back. */
export type AuditEvent = AuditEventOfDevice | SignersChanged

/** Passkeys that count from then on, or no longer. By a passkey only after everybody could object. */
export interface SignersChanged {
  readonly kind: 'signersChanged'
  readonly atMs: number
  readonly by: 'passkey' | 'recoveryCard'
  readonly addedCount: number
  readonly removedCount: number
  /** Another card took the place of the recovery card. */
  readonly isCardReplaced: boolean
}

type AuditEventOfDevice = { readonly atMs: number; readonly device: NamedDevice } & (
  | { readonly kind: 'planted' }
  /** `by` is where it was approved; null: by the recovery card alone. `folderName` as in a GrantLine. */
  | {
      readonly kind: 'admitted'
      readonly by: NamedDevice | null
      readonly folderName: string | null
      readonly mayWrite: boolean
      readonly untilMs: number
    }
  /** The tree does not keep when that was; `atMs` is when the device was let in. */
  | { readonly kind: 'extended'; readonly untilMs: number; readonly beforeMs: number }
  /** `by` null: the root did; the device itself: it left. */
  | { readonly kind: 'removed'; readonly by: NamedDevice | null }
  /** It went on without the device that decided. */
  | { readonly kind: 'tookOver' }
  /**
   * Who decides was chosen there; none: it was left to the tree. Of such choices the last is told. `endedAtMs` null while it holds;
   * it ends by itself where one of them is removed, and where a device goes on without them.
   */
  | { readonly kind: 'appointed'; readonly deciders: readonly NamedDevice[]; readonly endedAtMs: number | null }
)

/** What the removal of a device will do. */
export interface RemovalPreview {
  /** Get a new key before it is over. */
  readonly atOnce: { readonly folderCount: number; readonly fileCount: number }
  /** Get one in the background afterwards, or when something is written there first. */
  readonly later: { readonly folderCount: number; readonly fileCount: number }
  /** What the device can read until then, and may keep. */
  readonly readable: Extent
  /**
   * When it was last there; null where it is, and where this device has not seen it. What was done on it since and has not come goes
   * into quarantine there.
   */
  readonly lastSeenAtMs: number | null
  /** Who can read afterwards. */
  readonly readers: readonly GrantLine[]
  /** Links into other trees that the device knows the secrets of: only the owners of these can take them back. */
  readonly farLinkNames: readonly string[]
}

/** What lies under keys that somebody may have who was put out, and what it would take to seal it anew. */
export interface ResealingPreview {
  readonly fileCount: number
  /** To be read, sealed and written again. */
  readonly sizeBytes: number
  /** Pieces of them, and the lists that name these. */
  readonly objectCount: number
  /** So many more files are on other devices alone, which are away: how these are sealed is not known here. */
  readonly awayCount: number
  /** As fast as this device was measured to be just now. */
  readonly seconds: number
  /** It is under way, or goes on as soon as it can. */
  readonly isWanted: boolean
}

/** What was allowed in the tree, as its committed state tells it. */
export interface Audit {
  readonly grants: readonly GrantLine[]
  /** The newest first. */
  readonly events: readonly AuditEvent[]
}

/** What an authenticator answered in the page; octets as they came. */
export interface PasskeyCreation {
  readonly credentialId: Uint8Array
  /** Uncompressed P-256 point, 65 octets. */
  readonly publicKey: Uint8Array
  readonly rpId: string
  readonly origin: string
  /** PRF output for the asked salt, 32 octets; null where the authenticator has none. */
  readonly prf: Uint8Array | null
  /** Whether the authenticator may sync this credential to other devices (backup eligible). */
  readonly isSynced: boolean
}
export interface PasskeyAssertion {
  readonly credentialId: Uint8Array
  readonly authenticatorData: Uint8Array
  readonly clientDataJson: Uint8Array
  /** ECDSA signature in DER as the authenticator gave it. */
  readonly signature: Uint8Array
}

/** A secret: whoever is handed it wipes it. */
export interface PasskeyUnlock {
  readonly credentialId: Uint8Array
  readonly prf: Uint8Array
}

/** A recovery card that is new. */
export interface CardWords {
  /** Twelve words, shown once. */
  readonly words: readonly string[]
  /** Positions (from 0) of the three words that are asked back. */
  readonly askedPositions: readonly number[]
}
export interface PlantingCard extends CardWords {
  readonly plantingId: string
}
export interface PlantingChallenge {
  /** What the passkey must sign, 32 octets; null where the recovery card is the only root. */
  readonly challenge: Uint8Array | null
  /** Any one of these signs. */
  readonly credentialIds: readonly Uint8Array[]
}

/** What is signed to take over a tree; as for all that the root signs, null where the twelve words are the only root. */
export type TakeOverChallenge = PlantingChallenge

/** What an archive says of itself before anything of it is trusted or stored. */
export interface ArchiveSummary {
  readonly treeId: HexText
  readonly exportedAtMs: number
  readonly sizeBytes: number
}

/** How the content of a stream begins. Ranges are half open. */
export interface ContentHead {
  readonly streamId: string
  readonly name: string
  readonly mediaType: string
  /** Another content has another; of an interrupted stream, only one of the same version may be continued. */
  readonly version: string
  readonly sizeBytes: number
  readonly startByte: number
  readonly endByte: number
}

export interface NodeApi {
  // --- what is there --------------------------------------------------------------------------------------------------------

  /** Calls back with a snapshot at once and with every later change, until `unwatch` or until the caller's port is gone. */
  watch(observer: (event: NodeEvent) => void): Promise<string>
  unwatch(watchId: string): Promise<void>

  // --- files and folders ----------------------------------------------------------------------------------------------------

  createFolder(requestId: string, parentId: string, name: string): Promise<string>
  /** Streams the blob into a new file; resolves when it is durable. A taken name gets a number: `photo (2).jpg`. */
  addFile(requestId: string, parentId: string, name: string, content: Blob): Promise<string>
  /** Large files that were on their way in when their node ended. Added to the same folder once more, each goes on where it was. */
  interruptedUploads(): Promise<readonly InterruptedUpload[]>
  /** Deletes what is stored of one. */
  forgetUpload(id: string): Promise<void>
  /** Makes a link to an item, which it leads to wherever that is moved to. A taken name gets a number. */
  addLink(requestId: string, parentId: string, name: string, targetId: string): Promise<string>
  /**
   * The item that a link leads to, through other links where it leads to these; rejects where that is none. In another tree its id has
   * that of the link in it, and is one for `lookFar`, `openContent`, `addLink` and `followLink` alone.
   */
  followLink(id: string): Promise<string>
  /**
   * What is seen in another tree by a link of this one, as it is there now; rejects with a sentence where it can not be seen.
   * @param id of that, or of the link
   */
  lookFar(id: string): Promise<FarView>
  /** A new version of an existing file. */
  writeFile(requestId: string, id: string, content: Blob): Promise<void>
  /**
   * A new version of a file in which parts are written over, one after the other, and which is then cut or made longer where
   * `sizeBytes` says so. Costs what is written, however large the file; what nobody wrote takes no
   * room. For programs that write into a large file in place, as a database does; no page asks for it.
   */
  editFile(requestId: string, id: string, edits: readonly Edit[], sizeBytes?: number): Promise<void>
  rename(requestId: string, id: string, name: string): Promise<void>
  /** Re-keys and re-signs what moves; resumed after a restart. */
  move(requestId: string, id: string, targetFolderId: string): Promise<void>
  trash(requestId: string, id: string): Promise<void>
  restore(requestId: string, id: string): Promise<void>
  /** Deletes for good what is in the trash: one item, or all of it where `id` is null. */
  purge(requestId: string, id: string | null): Promise<void>
  cancel(requestId: string): Promise<void>

  // --- what the tree did not take -------------------------------------------------------------------------------------------

  quarantine(): Promise<readonly Quarantined[]>
  /** Does it again; where the tree refuses it again, it comes back. */
  retryQuarantined(id: string): Promise<void>
  discardQuarantined(id: string): Promise<void>

  // --- contents -------------------------------------------------------------------------------------------------------------

  /** Opens the content of a file (`id`), of an export (`exportId`), or of something in quarantine, for reading in order. */
  openContent(id: string, startByte?: number, endByte?: number): Promise<ContentHead>
  /** The next piece, verified against the signed root; null at the end. */
  nextChunk(streamId: string): Promise<Uint8Array | null>
  closeContent(streamId: string): Promise<void>

  // --- who may read, and what is kept where ---------------------------------------------------------------------------------

  readersOf(id: string): Promise<readonly ReaderLine[]>
  /** Rejects `limitedOnly` on a guest, which knows nothing of others. */
  audit(): Promise<Audit>
  storage(): Promise<StorageReport>
  /** What was written last is kept here as far as there is room, the rest read from other devices. null: all is kept. */
  setHoldQuota(quotaBytes: number | null): Promise<void>

  // --- how contents are sealed ----------------------------------------------------------------------------------------------

  /** Keys are given to this device in a way that outlives quantum computers, from the next one on and for ever (U25). */
  useHybrid(): Promise<void>

  /** Reads how old contents are sealed, and measures how fast this device would seal them anew. Changes nothing. */
  previewResealing(): Promise<ResealingPreview>
  /** Seals all of them anew, as a job that goes on after a restart; cancelled by the id of that. Resolves when that is certain. */
  reseal(requestId: string): Promise<void>

  // --- planting -------------------------------------------------------------------------------------------------------------

  /** The salt that the page hands to the passkey's PRF at creation; the same for one planting. */
  plantingSalt(): Promise<Uint8Array>
  beginPlanting(ownerName: string, deviceName: string, passkey: PasskeyCreation | null): Promise<PlantingCard>
  /** The three asked words; rejects with `cardMismatch` where one is wrong, and may be called again. */
  confirmCard(plantingId: string, words: readonly string[]): Promise<PlantingChallenge>
  /** Founds the tree; local content moves in as a job. */
  finishPlanting(requestId: string, plantingId: string, assertion: PasskeyAssertion | null): Promise<void>
  abandonPlanting(plantingId: string): Promise<void>

  // --- archives -------------------------------------------------------------------------------------------------------------

  /** Prepares an archive of the whole tree; its content is then opened by `openContent(exportId)`. */
  beginExport(requestId: string): Promise<string>
  inspectArchive(archive: Blob): Promise<ArchiveSummary>
  /**
   * Restores the archive's tree into this profile, which must be unplanted and is replaced; opened by the card's words. Rejects where
   * those who decided do not vouch for it: with `archiveUnattested` where what is in it outlives its writers, else with `archiveOfOne`
   * where there is more than its exporter.
   * @param takesUnattested it is taken all the same: who has the card may say so
   * @returns the names of the devices that vouch for it; none where nobody does
   */
  recover(
    requestId: string,
    archive: Blob,
    words: readonly string[],
    deviceName: string,
    takesUnattested?: boolean,
  ): Promise<readonly string[]>

  // --- joining --------------------------------------------------------------------------------------------------------------

  /** Shows a code that lets a device in, until `endInviting` or until one was let in. Rejects `notPlanted` where nobody could sign. */
  invite(): Promise<void>
  /** What the other device shows. A wrong one ends the invitation; a fresh code has to be shown. */
  typeDigits(digits: string): Promise<void>
  /** The root's word on what `approval` names: the passkey's assertion, or the twelve words of the card. null: the owner says no. */
  approve(answer: PasskeyAssertion | readonly string[] | null): Promise<void>
  /** The owner was asked and gave no answer, so whoever waits is told; it can be asked again. */
  approvalNotGiven(): Promise<void>
  /** What `approval` is to name; it names an own device until this was called. */
  choose(choice: DeviceChoice): Promise<void>
  endInviting(): Promise<void>
  /**
   * Joins the tree whose code was read. A profile that holds a planted tree becomes no device of another one: what that one shares
   * becomes a link in its tree. @param deviceName what the other calls this device, or this tree
   */
  join(code: string, deviceName: string): Promise<void>
  /** The owner has seen whose tree it is. */
  confirmJoining(): Promise<void>
  /** At whatever stage. Of a tree that was on its way here, what that comes to is told before; asked again, nothing is told any more. */
  endJoining(): Promise<void>

  // --- what was here before this tree ---------------------------------------------------------------------------------------

  aside(): Promise<readonly AsideFile[]>
  /** Moves all of it into the tree, as a job; goes on after a restart. Rejects where something could not come; that stays aside. */
  bringAside(requestId: string): Promise<void>
  /** Deletes all of it for good. */
  dropAside(): Promise<void>

  // --- devices --------------------------------------------------------------------------------------------------------------

  /** The owner says that the clock of this device is right: time goes on, and whatever has ended by that clock has ended for good. */
  confirmClock(): Promise<void>
  devices(): Promise<readonly DeviceLine[]>
  /** What `removeDevice` would do now. Changes nothing. */
  previewRemoval(principal: GroupedHex): Promise<RemovalPreview>
  /**
   * Puts a device out of the tree, or lets this one leave. Resolves when that is certain and whatever is written from then on goes
   * under keys that it never had. Rejects `deviceLast` for the owner's only device.
   */
  removeDevice(requestId: string, principal: GroupedHex): Promise<void>
  /** Asks what the root has to sign so that devices, 1 to 64 of them, have what they have for longer: one word for all of them. */
  beginExtension(extensions: readonly Extension[]): Promise<PlantingChallenge>
  /** The passkey's assertion, or the twelve words of the card, on just that. */
  finishExtension(
    requestId: string,
    extensions: readonly Extension[],
    answer: PasskeyAssertion | readonly string[],
  ): Promise<void>

  // --- passkeys and the recovery card ---------------------------------------------------------------------------------------

  /**
   * Asks what the root has to sign so that another passkey may speak for it, too.
   * @param unlocked what a passkey that counts already gives for its salt, so that the new one can open the owner's keys as well;
   * null: it will not, unless the card signs
   */
  beginPasskey(passkey: PasskeyCreation, unlocked: PasskeyUnlock | null): Promise<PlantingChallenge>
  /** An assertion: it counts after 72 hours in which it can be stopped. The twelve words: at once. */
  finishPasskey(requestId: string, answer: PasskeyAssertion | readonly string[]): Promise<void>
  abandonPasskey(): Promise<void>
  /** Stops the one that waits. */
  vetoPasskey(requestId: string): Promise<void>
  /** At once, by the twelve words. @param id of a passkey that counts */
  removePasskey(requestId: string, id: string, words: readonly string[]): Promise<void>

  /** Draws a recovery card that may take the place of the one that counts. Nothing is changed before it was checked and signed for. */
  drawCard(): Promise<CardWords>
  /** @param words those that were asked back; rejects with a sentence where one is another */
  checkCard(words: readonly string[]): Promise<void>
  /** The new card counts at once, and the old one no more. @param words of the old card, which signs for it */
  finishCard(requestId: string, words: readonly string[]): Promise<void>
  abandonCard(): Promise<void>

  // --- who decides ----------------------------------------------------------------------------------------------------------

  /**
   * Asks what the root has to sign so that this device decides about the tree from now on, in place of the ones that are gone.
   * Rejects with a sentence where they are not, or where this device may not.
   */
  beginTakeOver(): Promise<TakeOverChallenge>
  /** The passkey's assertion, or the twelve words of the card. Resolves when this device decides. */
  finishTakeOver(requestId: string, answer: PasskeyAssertion | readonly string[]): Promise<void>
  /**
   * Lets another own device decide about the tree in place of this one, or lead those that were chosen, as before this one goes to
   * sleep. Rejects with a sentence where that device is not there or does not answer within a second or two; then all is as it was.
   * @param principal null: any that is ready, and nothing where this device does not decide
   */
  handOver(principal: GroupedHex | null): Promise<void>
  /**
   * Chooses the own devices that decide, together, one or up to seven; none: the tree chooses itself. Resolves when the choice is
   * certain; it takes effect, all at once, as soon as those of them that are new are there and have all. Rejects with `decidersAway`
   * where those that decide now can not be reached: that is for `beginTakeOver`.
   */
  appoint(requestId: string, principals: readonly GroupedHex[]): Promise<void>
}
