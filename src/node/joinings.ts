/**
 * Joining another device's tree, on the newcomer: from the code that was read to the tree that is home (design §10). The course
 * over the connection: `joining.ts`.
 * @module
 */
import { BlocktreeError, type Result, equal, fromBase64url, orRefuse, refusalOf } from '../core/bytes/bytes.ts'
import { groupsOfFour } from '../core/crypto/crypto.ts'
import { type Invitation, type JoinCard, type JoinGrant, decodeInvitation } from '../core/message/message.ts'
import { standingOf } from '../core/tree/tree.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { Joining, TreeStatus } from './api.ts'
import { ownDevice } from './founding.ts'
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
  /** Takes part in the tree under this name; resolves when it is the home of this device. */
  follow(address: TreeAddress, deviceName: string): Promise<void>
  onChanged(joining: Joining | null): void
}

/** One way from a code to a tree. */
interface Course {
  readonly invitation: Invitation
  readonly deviceName: string
  readonly requested: Promise<void>
  readonly cancel: () => void
}

export class Joinings {
  readonly #options: JoiningsOptions
  #state: Joining | null = null
  #course: Course | null = null
  #confirm: (() => void) | null = null
  /** Until the connection of the course before is closed: on the same path nothing new can begin. */
  #left: Promise<unknown> = Promise.resolve()

  constructor(options: JoiningsOptions) {
    this.#options = options
  }

  get state(): Joining | null {
    return this.#state
  }

  /** @param code base64url, as it was read @param typedName what this device is to be called */
  begin(code: string, typedName: string): void {
    if (this.#options.status().planted)
      throw new BlocktreeError(
        'joinPlanted',
        'This browser has a planted tree of its own, which is not mixed with another. Open the code in a second profile.',
      )
    if (this.#state?.stage === 'fetching')
      throw new BlocktreeError('joinUnderWay', 'This device has joined a tree already, which is still on its way here.')
    const invitation = orRefuse(decodeInvitation(fromBase64url(code) ?? new Uint8Array()))
    const deviceName = personName(typedName)
    this.end()
    let cancel = (): void => {}
    const requested = new Promise<void>((resolve) => (cancel = resolve))
    this.#course = { invitation, deviceName, requested, cancel }
    this.#become({ stage: 'connecting' })
    void this.#run(this.#course)
  }

  confirm(): void {
    const confirm = this.#confirm
    if (confirm === null)
      throw new BlocktreeError('joinOver', 'The other device is not waiting any more. Scan a new code to try again.')
    this.#confirm = null
    confirm()
  }

  /** Ends what can still be ended, and shows nothing of it any more. */
  end(): void {
    if (this.#state?.stage === 'fetching') return
    this.#course?.cancel()
    this.#course = this.#confirm = null
    this.#become(null)
  }

  /** Shows how a tree comes here that this device is admitted to. */
  async arrive(ownerName: string, arrival: Promise<void>): Promise<void> {
    this.#become({ stage: 'fetching', ownerName })
    await arrival
    this.#become({ stage: 'joined', ownerName })
  }

  #become(state: Joining | null): void {
    this.#state = state
    this.#options.onChanged(state)
  }

  async #run(course: Course): Promise<void> {
    const joined = await this.#meet(course).catch(refusalOf)
    if (this.#course !== course) return
    this.#course = this.#confirm = null
    if (!joined.ok) return this.#become({ stage: 'ended', code: joined.fault.code, message: joined.fault.local })
    const { card, grant, devices, generation } = joined.value
    const isHostNamed = devices.some(({ transportId }) => equal(transportId, course.invitation.transportId))
    if (!isHostNamed) return this.#become({ stage: 'ended', ...hostMissing })
    const { follow } = this.#options
    await this.arrive(
      card.ownerName,
      follow({ treeId: card.treeId, generation, devices, visit: visitOf(card, grant) }, course.deviceName),
    )
  }

  async #meet({ invitation, deviceName, requested }: Course): Promise<Result<Joined>> {
    const { platform, keys, network } = this.#options
    const open = await network.open()
    if (open === null) throw networkMissing()
    const { net, relays } = open
    await this.#left
    const dialled = await net.dial(invitation.transportId, invitation.relay === null ? relays : [invitation.relay])
    if (!dialled.ok) return dialled
    const newcomer: Newcomer = {
      deviceName,
      buildId: network.buildId,
      confirm: ({ treeId, ownerName, deviceName: host }) => {
        this.#become({ stage: 'confirm', ownerName, deviceName: host, treeId: groupsOfFour(treeId) })
        return new Promise((resolve) => (this.#confirm = () => resolve(true)))
      },
      showDigits: (digits) => this.#become({ stage: 'digits', digits }),
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

const hostMissing = {
  code: 'join-failed',
  message: 'The other device did not say how it is found, so nothing was changed here. Scan a new code to try again.',
}
