/**
 * Joining another device's tree, on the newcomer: from the code that was read to the tree that is home (design §10). The course
 * over the connection: `joining.ts`.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  type Fault,
  RefusedError,
  type Result,
  equal,
  fromBase64url,
  orRefuse,
  refusalOf,
  refused,
  toHex,
} from '../core/bytes/bytes.ts'
import { groupsOfFour } from '../core/crypto/crypto.ts'
import {
  type Invitation,
  type JoinAsked,
  type JoinCard,
  type JoinGrant,
  decodeInvitation,
} from '../core/message/message.ts'
import { deviceDismissed, linkSecretSizeBytes, standingOf } from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import { nodeKeysOfLink } from './abroad/link-keys.ts'
import type { Joining, TreeStatus } from './api.ts'
import { ownDevice } from './founding.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import type { Visit } from './guest/visit.ts'
import { type Joined, type Newcomer, joinOver } from './joining.ts'
import type { TreeAddress } from './members.ts'
import { type Network, networkMissing } from './network.ts'
import { personName } from './planting.ts'

export interface JoiningsOptions {
  readonly platform: Platform
  readonly keys: NodeKeys
  readonly network: Network
  readonly status: () => TreeStatus
  /** Puts a link to what was shared into the tree of this profile. @param secret of the link */
  keep(joined: Joined, secret: Bytes): Promise<{ readonly linkId: string; readonly name: string }>
  /** Meets no other tree any more: each of its devices can be called once at a time. */
  leaveOthers(): void
  /** Takes part in the tree under this name; resolves when it is the home of this device, rejects where it was given up. */
  follow(address: TreeAddress, deviceName: string): Promise<void>
  /** Whoever follows a tree waits for it no more, unless it is here already. */
  giveUp(reason: BlocktreeError): void
  /** Whether a tree that begins here is just taking the place of the home. */
  readonly isReplacing: () => boolean
  onChanged(joining: Joining | null): void
  onFailure(error: unknown): void
}

/** One way from a code to a tree. */
interface Course {
  readonly invitation: Invitation
  readonly deviceName: string
  /** In a planted tree: what the other shares becomes a link in it. */
  readonly isLink: boolean
  readonly requested: Promise<void>
  readonly cancel: () => void
}

export class Joinings {
  readonly #options: JoiningsOptions
  #state: Joining | null = null
  #course: Course | null = null
  #confirm: (() => void) | null = null
  /** Until the tree that this device was let into is here, or nobody waits for it any more. */
  #arriving: Promise<void> | null = null
  /** Until the connection of the course before is closed: on the same path nothing new can begin. */
  #left: Promise<unknown> = Promise.resolve()

  constructor(options: JoiningsOptions) {
    this.#options = options
  }

  get state(): Joining | null {
    return this.#state
  }

  /** Whether another device's tree may come to be the home. */
  get isUnderWay(): boolean {
    return this.#arriving !== null || this.#course?.isLink === false
  }

  /** @param code base64url, as it was read @param typedName what this device is to be called */
  async begin(code: string, typedName: string): Promise<void> {
    const { status, isReplacing, onFailure } = this.#options
    if (status().removed !== null) throw new RefusedError(deviceDismissed().fault)
    if (status().limited !== null) throw limitedOnly()
    if (this.#state?.stage === 'fetching') throw joinUnderWay()
    const invitation = orRefuse(decodeInvitation(fromBase64url(code) ?? new Uint8Array()))
    const deviceName = personName(typedName)
    await this.end()
    if (this.#arriving !== null) throw joinUnderWay()
    if (isReplacing() && !status().isPlanted) throw treeUnderWay()
    this.#drop()
    let cancel = (): void => {}
    const requested = new Promise<void>((resolve) => (cancel = resolve))
    this.#course = { invitation, deviceName, requested, cancel, isLink: status().isPlanted }
    this.#become({ stage: 'connecting' })
    this.#run(this.#course).catch(onFailure)
  }

  confirm(): void {
    const confirm = this.#confirm
    if (confirm === null)
      throw new BlocktreeError('joinOver', 'The other device is not waiting any more. Scan a new code to try again.')
    this.#confirm = null
    confirm()
  }

  /** Ends what can still be ended, and shows nothing of it any more but what a person does not know yet. */
  async end(): Promise<void> {
    const arriving = this.#arriving
    if (arriving === null) return this.#drop()
    const isTold = this.#state?.stage === 'ended'
    this.#options.giveUp(notAwaited())
    await arriving
    if (isTold && this.#state?.stage === 'ended') this.#become(null)
  }

  #drop(): void {
    this.#course?.cancel()
    this.#course = this.#confirm = null
    this.#become(null)
  }

  /** Shows how a tree comes here that this device is admitted to. @param ownerName empty: not known yet */
  arrive(ownerName: string, arrival: Promise<void>): Promise<void> {
    this.#become({ stage: 'fetching', ownerName })
    return (this.#arriving = this.#arrive(arrival))
  }

  async #arrive(arrival: Promise<void>): Promise<void> {
    const refusal = await arrival.then(() => null, refusalOf)
    this.#arriving = null
    this.#become(
      refusal === null ? { stage: 'joined', ownerName: this.#options.status().ownerName } : endedBy(refusal.fault),
    )
  }

  /** A device of the tree that this one waits for says that it was put out. */
  putOut(): void {
    if (this.#state?.stage === 'fetching') this.#become(endedBy(putOutWhileJoining.fault))
  }

  #onAsked(asked: JoinAsked): void {
    if (this.#state?.stage === 'digits') this.#become({ ...this.#state, asked })
  }

  #become(state: Joining | null): void {
    this.#state = state
    this.#options.onChanged(state)
  }

  async #run(course: Course): Promise<void> {
    const secret = this.#options.platform.random.bytes(linkSecretSizeBytes)
    const joined = await this.#meet(course, secret).catch(refusalOf)
    if (this.#course !== course) return
    this.#course = this.#confirm = null
    if (!joined.ok) return this.#become(endedBy(joined.fault))
    if (course.isLink) return this.#keep(joined.value, secret)
    const { card, grant, devices, generation } = joined.value
    const isHostNamed = devices.some(({ transportId }) => equal(transportId, course.invitation.transportId))
    if (!isHostNamed) return this.#become(endedBy(hostMissing.fault))
    const { follow } = this.#options
    await this.arrive(
      card.ownerName,
      follow({ treeId: card.treeId, generation, devices, visit: visitOf(card, grant) }, course.deviceName),
    )
  }

  /** What was shared is in the tree of this profile from here on. */
  async #keep(joined: Joined, secret: Bytes): Promise<void> {
    const kept = await this.#options.keep(joined, secret).catch(refusalOf)
    this.#become('ok' in kept ? endedBy(kept.fault) : { stage: 'kept', ownerName: joined.card.ownerName, ...kept })
  }

  async #meet({ invitation, deviceName, requested, isLink }: Course, secret: Bytes): Promise<Result<Joined>> {
    const { network, platform: own } = this.#options
    const keys = isLink ? await nodeKeysOfLink(own.crypto, secret) : this.#options.keys
    // A link has no transport of its own, and names its key in that place.
    const platform = isLink
      ? { ...own, keys: { ...own.keys, node: async () => keys, transportId: async () => keys.credential.signingKey } }
      : own
    if (isLink) this.#options.leaveOthers()
    const open = await network.open()
    if (open === null) throw networkMissing()
    const { net, relays } = open
    await this.#left
    const dialled = await net.dial(invitation.transportId, invitation.relay === null ? relays : [invitation.relay])
    if (!dialled.ok) return dialled
    const newcomer: Newcomer = {
      deviceName,
      buildId: network.buildId,
      isLink,
      confirm: ({ treeId, ownerName, deviceName: host }) => {
        if (isLink && toHex(treeId) === this.#options.status().treeId) throw new RefusedError(ownTree.fault)
        this.#become({ stage: 'confirm', ownerName, deviceName: host, treeId: groupsOfFour(treeId), isLink })
        return new Promise((resolve) => (this.#confirm = () => resolve(true)))
      },
      showDigits: (digits) => this.#become({ stage: 'digits', digits, asked: null }),
      onAsked: (asked) => this.#onAsked(asked),
      deviceRecord: ({ treeId }, grant) => ownDevice(platform, keys, treeId, grant, deviceName, null),
    }
    const joined = joinOver(platform, dialled.value, net.transportId, invitation, newcomer, { requested })
    this.#left = joined.catch(() => {})
    return joined
  }
}

/** null where the root gave the whole tree. */
function visitOf({ ownerName }: JoinCard, { writecap, placeName }: JoinGrant): Visit | null {
  const standing = standingOf(writecap)
  return standing.ok && standing.value === 'limited' ? { ownerName, folderName: placeName } : null
}

const ownTree = refused('linkToOwnTree', 'This code is of your own tree, all of which is here already.')
const hostMissing = refused(
  'joinFailed',
  'The other device did not say how it is found, so nothing was changed here. Scan a new code to try again.',
)
const putOutWhileJoining = refused(
  'joinUndone',
  'The tree’s owner took this device out again before the tree had come, so nothing of it is here. Begin anew here to plant a tree or to join another one; into that tree it comes only by another profile of this browser.',
)
const notAwaited = (): BlocktreeError =>
  new BlocktreeError(
    'joinStopped',
    'You stopped waiting for the tree, and nothing of it is on this device. It may still be listed on the tree’s other devices: remove it there under Devices, or scan a new code to wait for the tree again.',
  )
const joinUnderWay = (): BlocktreeError =>
  new BlocktreeError(
    'joinUnderWay',
    'This device has joined a tree already, which is still on its way here. Stop waiting for it first.',
  )
export const treeUnderWay = (): BlocktreeError =>
  new BlocktreeError('treeUnderWay', 'A tree is being planted or restored here. Wait until that is done.')

const endedBy = ({ code, local }: Fault): Joining => ({ stage: 'ended', code, message: local })
